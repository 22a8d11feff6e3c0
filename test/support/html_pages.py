"""The content of a page, read by an independent HTML parser."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Tags, words and tables of a page; scripts apart."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.tables, self.words, self._inside = [], [], [], "", None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "wbr":  # only a place where a line may end
            return
        self.tags.append((tag, dict(attributes)))
        self._inside = tag
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.words += data
            if self.tables and self._inside in ("td", "button", "a") and self.tables[-1]:
                self.tables[-1][-1][-1] += data
