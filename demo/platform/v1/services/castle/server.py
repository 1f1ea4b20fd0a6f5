"""Castle: the web interface's page."""

from web import serve

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>FREEDOM Castle</title>
<h1>FREEDOM Castle</h1>
<p>Ask the knowledge base through the gateway.</p>
<form><input name="query" placeholder="System status check"><button>Ask</button></form>
</html>
"""

serve(3000, {("GET", "/"): lambda request: (200, PAGE)})
