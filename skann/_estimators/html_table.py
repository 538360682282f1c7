"""A small table in HTML that is legible on light and on dark."""

from html import escape

# The colours are those of the text around it, whatever the notebook's theme.
_RULE = "border-bottom:1px solid color-mix(in srgb, currentColor 40%, transparent)"


def html_table(caption, headings, rows, *, n_text=0):
    """A table; all texts are escaped.

    Parameters
    ----------
    caption : str
    headings : sequence of str
    rows : sequence of sequence of str
    n_text : int, default=0
        So many columns from the left are words; the others are numbers, which stand to
        the right.

    Returns
    -------
    html : str
    """

    def line(cells, tag, style=""):
        found = []
        for i, cell in enumerate(cells):
            side = "left" if i < n_text else "right"
            how = f"text-align:{side};padding:0.15em 0.7em{style}"
            found.append(f'<{tag} style="{how}">{escape(cell)}</{tag}>')
        return f"<tr>{''.join(found)}</tr>"

    return (
        '<table style="border-collapse:collapse;color:inherit">'
        f'<caption style="text-align:left">{escape(caption)}</caption>'
        f"<thead>{line(headings, 'th', f';{_RULE}')}</thead>"
        f"<tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table>"
    )
