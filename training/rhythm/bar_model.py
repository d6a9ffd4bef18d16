"""Train the model that ranks bar hypotheses: one small network per meter, one softmax over all hypotheses of a sound.

    bar_model.py build FOLDER CACHE.pkl            hypotheses of rendered material
    bar_model.py train CACHE.pkl ... --out NPZ     weights

NumPy only. The loss of a sound is the negative log of the probability that falls on right
hypotheses (period, phase, meter and downbeat), plus that of right pulses.
"""

from __future__ import annotations

import argparse
import pathlib
import pickle

import numpy as np
from examples import corpus, make_example, rendered

METERS = (4, 3, 2, 5, 7)


def build(source, path: pathlib.Path) -> None:
    examples = []
    for i, (name, samples, truth) in enumerate(source):
        example = make_example(name, samples, truth)
        if example is not None:
            examples.append(example)
        if i % 200 == 0:
            print(i, name, flush=True)
    with path.open("wb") as sink:
        pickle.dump(examples, sink, protocol=4)
    found = [e for e in examples if e.kind != "none"]
    print(len(examples), "examples; right pulse among them", np.mean([e.pulse_right.any() for e in found]))


class Network:
    def __init__(self, sizes: dict[int, int], hidden: int, rng: np.random.Generator) -> None:
        self.p = {}
        for m, n in sizes.items():
            self.p[f"w{m}"] = (rng.standard_normal((n, hidden)) * np.sqrt(1.0 / n)).astype(np.float32)
            self.p[f"b{m}"] = np.zeros(hidden, np.float32)
            self.p[f"v{m}"] = (rng.standard_normal(hidden) * 0.1).astype(np.float32)
            self.p[f"c{m}"] = np.zeros(1, np.float32)
        self.m1 = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.m2 = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.t = 0

    def scores(self, m: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        h = np.maximum(x @ self.p[f"w{m}"] + self.p[f"b{m}"], 0)
        return h @ self.p[f"v{m}"] + self.p[f"c{m}"], h

    def step(self, grads: dict[str, np.ndarray], rate: float, decay: float) -> None:
        self.t += 1
        for k, g in grads.items():
            self.m1[k] = 0.9 * self.m1[k] + 0.1 * g
            self.m2[k] = 0.999 * self.m2[k] + 0.001 * g * g
            update = (self.m1[k] / (1 - 0.9**self.t)) / (np.sqrt(self.m2[k] / (1 - 0.999**self.t)) + 1e-8)
            if k[0] in "wv":
                self.p[k] *= 1 - rate * decay
            self.p[k] -= (rate * update).astype(np.float32)


def standardise(examples):
    """Mean and spread of the features per meter, from a sample of hypotheses."""
    result = {}
    for m in METERS:
        x = np.concatenate([e.rows[m][::7].reshape(-1, e.rows[m].shape[-1]) for e in examples[::3]]).astype(np.float32)
        result[m] = (x.mean(0), x.std(0) + 0.05)
    return result


def train(
    examples, *, hidden=48, epochs=24, batch=24, rate=2e-3, decay=0.02, dropout=0.1, seed=0, keep=14, verbose=True
):
    rng = np.random.default_rng(seed)
    examples = [e for e in examples if e.kind != "none" and any(r.any() for r in e.right.values())]
    norm = standardise(examples)
    net = Network({m: len(norm[m][0]) for m in METERS}, hidden, rng)
    weight = {"loop": 1.0, "loose": 1.0, "song": 1.5}
    n_steps = epochs * (len(examples) // batch)
    step = 0
    for epoch in range(epochs):
        order = rng.permutation(len(examples))
        losses = []
        for first in range(0, len(order) - batch + 1, batch):
            chosen = [examples[i] for i in order[first : first + batch]]
            xs = {m: [] for m in METERS}
            metas = []
            for e in chosen:
                n = len(e.pulse_right)
                negative = np.flatnonzero(~e.pulse_right)
                pick = np.concatenate([np.flatnonzero(e.pulse_right), rng.permutation(negative)[:keep]]).astype(int)
                meta = {"w": weight[e.kind], "parts": []}
                for m in METERS:
                    rows = e.rows[m][pick].reshape(-1, e.rows[m].shape[-1]).astype(np.float32)
                    xs[m].append((rows - norm[m][0]) / norm[m][1])
                    meta["parts"].append((m, len(rows), e.right[m][pick].ravel(), np.repeat(e.pulse_right[pick], m)))
                metas.append(meta)
            outs, hs, xin = {}, {}, {}
            for m in METERS:
                x = np.concatenate(xs[m])
                x = np.clip(x, -6, 6)
                if dropout:
                    x = x * (rng.random(x.shape[1]) >= dropout).astype(np.float32)
                xin[m] = x
                outs[m], hs[m] = net.scores(m, x)
            grads_out = {m: np.zeros_like(outs[m]) for m in METERS}
            position = dict.fromkeys(METERS, 0)
            for meta in metas:
                s = np.concatenate([outs[m][position[m] : position[m] + n] for m, n, _, _ in meta["parts"]])
                right = np.concatenate([r for _, _, r, _ in meta["parts"]])
                pulse = np.concatenate([p for _, _, _, p in meta["parts"]])
                e_s = np.exp(s - s.max())
                prob = e_s / e_s.sum()
                pr, pp = prob[right].sum() + 1e-9, prob[pulse].sum() + 1e-9
                losses.append((-np.log(pr), -np.log(pp)))
                g = (prob - np.where(right, prob / pr, 0)) + 0.7 * (prob - np.where(pulse, prob / pp, 0))
                g *= meta["w"] / batch
                at = 0
                for m, n, _, _ in meta["parts"]:
                    grads_out[m][position[m] : position[m] + n] = g[at : at + n]
                    position[m] += n
                    at += n
            grads = {}
            for m in METERS:
                g = grads_out[m]
                dh = np.outer(g, net.p[f"v{m}"]) * (hs[m] > 0)
                grads[f"w{m}"], grads[f"b{m}"] = xin[m].T @ dh, dh.sum(0)
                grads[f"v{m}"], grads[f"c{m}"] = hs[m].T @ g, np.array([g.sum()], np.float32)
            step += 1
            pace = min(1.0, step / 50) * 0.5 * (1 + np.cos(np.pi * min(1.0, step / n_steps)))
            net.step(grads, rate * pace + 1e-6, decay)
        if verbose and (epoch % 4 == 3 or epoch == epochs - 1):
            print(epoch, np.mean(losses, axis=0).round(3), flush=True)
    return net, norm


def export(net, norm, path: pathlib.Path) -> None:
    """Fold the standardisation into the first layer; float16 is exact enough for ranking."""
    arrays = {}
    for m in METERS:
        mean, spread = norm[m]
        arrays[f"mean{m}"], arrays[f"spread{m}"] = mean.astype(np.float32), spread.astype(np.float32)
        arrays[f"w{m}"] = net.p[f"w{m}"].astype(np.float16)
        for k in "bvc":
            arrays[f"{k}{m}"] = net.p[f"{k}{m}"].astype(np.float32)
    np.savez_compressed(path, **arrays)
    print(path, path.stat().st_size, "bytes")


def posterior(net, norm, e):
    """Probability of each hypothesis: {meter: (n_views, meter)}."""
    scores = {}
    for m in METERS:
        rows = e.rows[m].reshape(-1, e.rows[m].shape[-1]).astype(np.float32)
        scores[m] = net.scores(m, np.clip((rows - norm[m][0]) / norm[m][1], -6, 6))[0].reshape(-1, m)
    top = max(s.max() for s in scores.values())
    total = sum(np.exp(s - top).sum() for s in scores.values())
    return {m: np.exp(s - top) / total for m, s in scores.items()}


def decide(e, prob):
    """(view, meter, downbeat) by the most probable tempo, then the most probable bar of it, and the tempo's share."""
    by_view = sum(p.sum(axis=1) for p in prob.values())
    log_period = np.log(e.period_s)
    near = np.abs(log_period[:, None] - log_period[None, :]) < 0.02
    by_tempo = near @ by_view
    best = int(np.argmax(by_tempo))
    allowed = near[best]
    choice = max(((p[i, d], i, m, d) for m, p in prob.items() for i in np.flatnonzero(allowed) for d in range(m)))
    return choice[1], choice[2], choice[3], float(by_tempo[best])


def evaluate(net, norm, examples, label="", show=0):
    groups = {}
    for e in examples:
        if e.kind == "none":
            continue
        prob = posterior(net, norm, e)
        i, m, d, p = decide(e, prob)
        q = 60 / e.period_s[i] / e.truth["tempo"]
        acc1 = abs(q - 1) <= 0.04
        acc2 = any(abs(q / k - 1) <= 0.04 for k in (1, 2, 0.5, 3, 1 / 3))
        row = (acc1, acc2, bool(e.pulse_right[i]), m == e.truth["beats_per_bar"], bool(e.right[m][i, d]))
        for g in (
            e.kind,
            f"{e.kind} {e.truth.get('role')}" if e.truth.get("role") else f"{e.kind} {e.truth['beats_per_bar']}",
        ):
            groups.setdefault(g, []).append(row)
        if show and not acc1 and e.kind in ("song", "loop", "loose"):
            print(e.name, e.truth.get("role"), e.truth["tempo"], round(60 / e.period_s[i], 1), m, round(p, 2))
    for g, v in sorted(groups.items()):
        print(
            f"{label} {g:16s} n={len(v):4d} acc1 {np.mean(v, axis=0)[0]:.3f} acc2 {np.mean(v, axis=0)[1]:.3f} pulse {np.mean(v, axis=0)[2]:.3f} meter {np.mean(v, axis=0)[3]:.3f} bar {np.mean(v, axis=0)[4]:.3f}",
            flush=True,
        )


def load(paths):
    return [e for p in paths for e in pickle.loads(pathlib.Path(p).read_bytes())]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    b = verbs.add_parser("build")
    b.add_argument("folder", type=pathlib.Path)
    b.add_argument("cache", type=pathlib.Path)
    b.add_argument("--decoded", type=pathlib.Path, help="FOLDER is a corpus manifest; samples are here")
    b.add_argument("--parts", nargs="*", default=["pop909", "loops", "loose"])
    t = verbs.add_parser("train")
    t.add_argument("caches", nargs="+", type=pathlib.Path)
    t.add_argument("--validate", nargs="*", default=[], type=pathlib.Path)
    t.add_argument("--out", type=pathlib.Path)
    t.add_argument("--epochs", type=int, default=24)
    t.add_argument("--hidden", type=int, default=48)
    t.add_argument("--keep", type=int, default=14, help="wrong pulses drawn per sound and epoch")
    t.add_argument("--seed", type=int, default=0)
    t.add_argument("--decay", type=float, default=0.02)
    t.add_argument("--dropout", type=float, default=0.1)
    t.add_argument("--show", type=int, default=0)
    a = parser.parse_args()
    if a.verb == "build":
        build(corpus(a.folder, a.decoded, tuple(a.parts)) if a.decoded else rendered(a.folder), a.cache)
        return
    net, norm = train(
        load(a.caches), keep=a.keep, epochs=a.epochs, hidden=a.hidden, seed=a.seed, decay=a.decay, dropout=a.dropout
    )
    for path in a.validate:
        evaluate(net, norm, load([path]), label=path.stem, show=a.show)
    if a.out:
        export(net, norm, a.out)


if __name__ == "__main__":
    main()
