"""Names as small numbers, for kernels: a column of text becomes positions in an index of its distinct names."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray


def index(*columns: pa.ChunkedArray) -> pd.Index:
    """All names of some columns, in their order."""
    names = {name for column in columns for name in column.unique().to_pylist()}
    return pd.Index(sorted(names), dtype=object)


def codes(known: pd.Index, column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Position of each name in ``known``; -1 of one that is not there."""
    if not len(column):
        return np.empty(0, np.int64)
    coded = column.dictionary_encode().unify_dictionaries().combine_chunks()
    place = known.get_indexer(pd.Index(coded.dictionary.to_pylist(), dtype=object))
    found: NDArray[np.int64] = place[coded.indices.to_numpy(zero_copy_only=False)].astype(np.int64)
    return found
