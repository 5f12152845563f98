"""The widget: a calculator that answers in Jupyter, and in the built page without a kernel."""

import json
from html import escape

import anywidget
import traitlets

from ..checks import choice
from .calculators import CALCULATORS, plain, shelf
from .controls import check_values
from .javascript import module, stylesheet

__all__ = ["Explorer", "explore"]


class Explorer(anywidget.AnyWidget):
    """A calculator of the book as a widget.

    Parameters
    ----------
    calculator : str
        Its name, such as ``decode``; see :mod:`tokenomics.explorer.calculators`. [-]
    **values : object
        Where its controls stand at the start. [-]

    Attributes
    ----------
    values : dict
        Where the controls stand now; set it to move them. [-]

    Raises
    ------
    ValueError
        If the calculator, a control or a value is unknown; the message lists what is known.

    Examples
    --------
    >>> Explorer("weigh", bits=4).panel()["readouts"][1]
    {'label': 'Weights', 'text': '35.3 GB'}
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode(stylesheet()).tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)

    def __init__(self, calculator: str, **values):
        self._calculator = CALCULATORS[choice("explorer", "calculator", calculator, CALCULATORS)]
        records = self._calculator.records
        self._shelf = records() if records else shelf(self._calculator.controls)
        super().__init__(_esm=module(calculator), state=self._describe(), values=values)

    def _describe(self) -> dict:
        """Say in plain data what the view needs: title, controls and records."""
        return {
            "name": self._calculator.name,
            "title": self._calculator.title,
            "controls": [
                {
                    "name": control.name,
                    "label": control.label,
                    "options": [list(option) for option in control.options],
                    "default": control.default,
                    "slider": control.slider,
                }
                for control in self._calculator.controls
            ],
            "shelf": plain(self._shelf),
        }

    @traitlets.validate("values")
    def _complete(self, proposal):
        return check_values(self._calculator.name, self._calculator.controls, proposal["value"])

    def panel(self) -> dict:
        """Answer for the present values, in Python.

        Returns
        -------
        dict
            Headline, readouts and charts. [-]
        """
        return self._calculator.panel(self._shelf, self.values)

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": f"Explorer({self._calculator.name!r})", "text/html": self._html()}, metadata

    def _html(self) -> str:
        """Write what the built page holds: the state, and a table that stands without JavaScript."""
        panel = self.panel()
        texts = {
            control.name: dict(control.options)[self.values[control.name]] for control in self._calculator.controls
        }
        labels = {control.name: control.label for control in self._calculator.controls}
        rows = [(labels[name], text) for name, text in texts.items()]
        rows += [(readout["label"], readout["text"]) for readout in panel["readouts"]]
        body = "".join(f'<tr><th scope="row">{escape(label)}</th><td>{escape(text)}</td></tr>' for label, text in rows)
        # A closing tag inside the data would end the script element early.
        data = json.dumps({"state": self.state, "values": self.values}, separators=(",", ":")).replace("</", "<\\/")
        return (
            f'<div class="explorer-host" id="calculator-{self._calculator.name}">'
            f'<script type="application/json">{data}</script>'
            f'<div class="explorer-fallback"><table><caption>{escape(self._calculator.title)}</caption>'
            f"<tbody>{body}</tbody></table></div></div>"
        )


def explore(calculator: str, **values) -> Explorer:
    """Show a calculator of the book.

    Parameters
    ----------
    calculator : str
        Its name, such as ``decode``; see :mod:`tokenomics.explorer.calculators`. [-]
    **values : object
        Where its controls stand at the start. [-]

    Returns
    -------
    Explorer
        The widget. [-]

    Raises
    ------
    ValueError
        If the calculator, a control or a value is unknown; the message lists what is known.

    Examples
    --------
    >>> explore("decode", batch=32).values["batch"]
    32
    """
    return Explorer(calculator, **values)
