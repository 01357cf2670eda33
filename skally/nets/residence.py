"""Where the arrays of a data set lie: in one piece on a net's device, or on the host."""

import numpy as np
import torch
from scipy import sparse

HOST = torch.device("cpu")


def resident(arrays, device, free_bytes):
    """Arrays in one piece each on a device, or on the host where they would not leave it room.

    Parameters
    ----------
    arrays : tuple of arrays or sparse matrices
    device : torch.device
    free_bytes : int
        On the device. The arrays may take half: net, gradients and outputs need the rest.

    Returns
    -------
    arrays : tuple of tensors; of what they were, where torch does not share an array of the host
    """
    is_dense = not any(map(sparse.issparse, arrays))
    if device == HOST or not is_dense or 2 * sum(a.nbytes for a in arrays) > free_bytes:
        return tuple(map(as_shared, arrays))
    writeable = [np.require(array, requirements="CW") for array in arrays]
    return tuple(sent(torch.as_tensor(array), device) for array in writeable)


def free_bytes(device):
    """Free memory of a device; 0 where torch does not know."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def sent(tensor, device):
    """Tensor on a device; it travels from pinned memory, while the host goes on."""
    if device == HOST:
        return tensor
    is_pinned = device.type == "cuda" and tensor.device == HOST
    return (tensor.pin_memory() if is_pinned else tensor).to(device, non_blocking=is_pinned)


def as_shared(array):
    """Tensor over the memory of an array; what torch does not share is as it was."""
    if not isinstance(array, np.ndarray) or not array.flags.writeable or min(array.strides) < 0:
        return array
    return torch.as_tensor(array)
