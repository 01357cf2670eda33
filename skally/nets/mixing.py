import numpy as np
from scipy.optimize import nnls, minimize_scalar
def _simplex(A, b):
    big = 1e3 * (np.abs(A).max() + 1) * len(A)**.5
    w, _ = nnls(np.vstack([A, np.full(A.shape[1], big)]), np.append(b, big))
    return w / w.sum()
def _shrunk(w):
    c = w[-1]; g = w[:-1]; G = len(g)
    eq = np.full(G, 1 / G)
    g = 0.8 * g / g.sum() + 0.2 * eq if g.sum() > 0 else eq
    return g, float(c)
def regression_weights(held_out, targets):
    G = held_out.shape[1]
    A = np.concatenate([held_out.transpose(1, 0, 2).reshape(G, -1), np.broadcast_to(targets.mean(0), targets.shape).reshape(1, -1)]).T
    return _shrunk(_simplex(A.astype(float), targets.reshape(-1).astype(float)))
def class_weights(p, y):
    n, G, C = p.shape
    prior = np.bincount(y, minlength=C) + 1.; prior /= prior.sum()
    T = np.eye(C)[y]
    A = np.concatenate([p.transpose(1, 0, 2).reshape(G, -1), np.broadcast_to(prior, T.shape).reshape(1, -1)]).T
    return _shrunk(_simplex(A.astype(float), T.reshape(-1)))
def best_temperature(logits, y):
    if len(y) < 20: return 1.
    def f(t):
        z = logits / np.exp(t); z = z - z.max(1, keepdims=True)
        return (np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]).mean()
    return float(np.exp(minimize_scalar(f, bounds=(np.log(.25), np.log(8)), method="bounded", options={"xatol": 1e-3}).x))
def spread_factor(r, v):
    m = np.isfinite(v) 
    return float(np.sqrt(r[m].mean() / v[m].mean())) if m.any() and v[m].mean() > 0 else 1.
def unbiased_variance(outputs, weights, mask):
    w = weights[:, None] * mask.T
    w = w / w.sum(0)
    w = w[:, :, None]
    mean = (w * outputs).sum(0)
    d = 1 - (w**2).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(d > 1e-9, (w * (outputs - mean)**2).sum(0) / d, np.nan)
