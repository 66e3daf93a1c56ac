"""Prophet's optimiser: a program that its library brings along. It is the one place of the thinking that starts one; it says the same of the same numbers, and what it
writes is gone when it has spoken.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
from prophet.models import CmdStanPyBackend

from core.models.forecast.history import Floats

NEWTON_DAYS = 100
"""Fewer days are fitted by Newton's method, as the library does."""
ITERATIONS = 10_000


class Optimiser(CmdStanPyBackend):
    """The library's optimiser, called directly: its data are written in a tenth of the time, nobody polls it, and its files lie in a folder that goes with the fit."""

    def fit(self, stan_init: Any, stan_data: Any, **_: Any) -> Any:
        inits, data = self.prepare_data(stan_init, stan_data)
        is_short = int(data["T"]) < NEWTON_DAYS  # type: ignore[arg-type]
        with TemporaryDirectory(prefix="prophet-") as folder:
            for name, told in (("data", data), ("inits", inits)):
                _write(Path(folder) / name, told)
            found = None if is_short else self._optimum(Path(folder), "lbfgs")
            found = found or self._optimum(Path(folder), "newton")
        if found is None:
            raise RuntimeError("Prophet's optimiser found nothing.")
        names, values = found
        self.stan_fit = None
        return {name: told.reshape((1, -1)) for name, told in self.stan_to_dict_numpy(names, values).items()}

    def _optimum(self, folder: Path, algorithm: str) -> tuple[list[str], Floats] | None:
        """Names and values of the parameters; None where the optimiser gave up, as its library takes it."""
        found = folder / f"{algorithm}.csv"
        command = [
            str(self.model.exe_file), "id=1", "random", "seed=1", "data", f"file={folder / 'data.json'}", f"init={folder / 'inits.json'}",
            "output", f"file={found}", "method=optimize", f"algorithm={algorithm}", f"iter={ITERATIONS}",
        ]  # fmt: skip
        if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
            return None
        names, values = [line for line in found.read_text().splitlines() if not line.startswith("#")]
        return names.split(","), np.array(values.split(","), np.float64)


def _write(file: Path, told: Any) -> None:
    plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in told.items()}
    file.with_suffix(".json").write_bytes(orjson.dumps(plain))
