"""python paired_tests.py FOLDER : what scipy and statsmodels say of small examples, as statistics.json.

Needs scipy and statsmodels (made with scipy 1.17.1, statsmodels 0.15.0).
"""
import json, sys
import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

r = np.random.default_rng(8)


def interval(pair):
    return {"low": float(pair[0]), "high": float(pair[1])}


def resampled(values, statistic=np.mean, count=200_000):
    found = stats.bootstrap((values,), statistic, n_resamples=count, method="percentile", batch=2000, rng=r)
    return interval(found.confidence_interval)


def nested(seeds, count=200_000):
    """Seeds and items drawn, one draw of items for all drawn seeds, without any widening."""
    seeds = np.asarray(seeds)
    means = np.empty(count)
    for replicate in range(count):
        items = r.integers(0, seeds.shape[1], seeds.shape[1])
        means[replicate] = seeds[r.integers(0, len(seeds), len(seeds))][:, items].mean()
    return interval(np.quantile(means, [0.025, 0.975]))


def change(gained, lost, items, level):
    """A Wald interval of a difference of paired shares, with half an item added to each of the four cells."""
    cells = np.array([gained + 0.5, lost + 0.5, (items - gained - lost) + 1.0]) / (items + 2)
    weights = np.array([1, -1, 0])
    variance = (np.diag(cells) - np.outer(cells, cells)) / (items + 2)
    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(weights @ variance @ weights)
    return interval((weights @ cells - half, weights @ cells + half))


def permuted(changes, sizes):
    """Every swap of before and after in the items of a mean of the classes' means; items that didn't change change nothing."""
    weights = np.concatenate([np.full(size, 1 / (size * len(sizes))) for size in sizes])
    moved = np.flatnonzero(changes)
    found = stats.permutation_test(
        ((np.asarray(changes) * weights)[moved], np.zeros(len(moved))), lambda a, b, axis: (a - b).sum(axis=axis),
        permutation_type="samples", n_resamples=np.inf, vectorized=True, alternative="two-sided")
    return float(found.pvalue)


p_values = [[0.01, 0.04, 0.03, 0.005], [0.2], [0.5, 0.5, 0.001], r.uniform(0, 0.2, 29).tolist(), [1, 1, 1]]
runs = [[0.01, 0.02, 0.015], [-0.01, 0.02, 0.0, 0.005], [0.3, 0.31, 0.29, 0.3, 0.32], [0.001, -0.001]]
differences = r.choice([-1, 0, 1], 120, p=[0.08, 0.77, 0.15]).astype(float).tolist()
clusters = [r.binomial(1, share, 5).tolist() for share in r.uniform(0, 1, 40)]
seeds = [r.binomial(1, np.clip(np.linspace(0.2, 0.9, 80) + shift, 0, 1)).tolist() for shift in np.linspace(-0.05, 0.05, 12)]
pairs = []
for gain in (0.0, 0.02):
    before = r.binomial(1, 0.6, 500).astype(float)
    changed = r.random(500)
    pairs.append((before, np.where(changed < 0.05 + gain, 1.0, np.where(changed > 0.95, 0.0, before))))

json.dump({
    "student-quantile": [[p, n, float(stats.t.ppf(p, n))] for n in (1, 2, 3, 7, 29, 400) for p in (0.9, 0.95, 0.975, 0.999)],
    "normal-quantile": [[p, float(stats.norm.ppf(p))] for p in (0.025, 0.5, 0.9, 0.975, 0.999)],
    "binomial-at-most": [[k, n, p, float(stats.binom.cdf(k, n, p))]
                         for k, n, p in ((0, 200, 0.01), (4, 1000, 0.01), (3, 15, 0.2), (480, 50_000, 0.01), (15, 15, 0.5))],
    "normal-below": [[z, float(stats.norm.cdf(z))] for z in (-6.0, -1.96, 0.0, 0.7, 3.0)],
    "wilson": [[x, n, level, interval(proportion_confint(x, n, 1 - level, "wilson"))]
               for x, n in ((8, 10), (0, 15), (15, 15), (431, 2000), (1, 50_000)) for level in (0.9, 0.95)],
    "mcnemar": [[b, c, float(mcnemar([[3, b], [c, 3]], exact=True).pvalue)]
                for b, c in ((0, 0), (0, 6), (1, 9), (5, 5), (3, 8), (40, 22), (4000, 4200), (900, 1100))],
    "holm": [[p, multipletests(p, method="holm")[1].tolist()] for p in p_values],
    "benjamini-hochberg": [[p, multipletests(p, method="fdr_bh")[1].tolist()] for p in p_values],
    "student-interval": [[v, level, interval(DescrStatsW(v).tconfint_mean(1 - level))] for v in runs for level in (0.9, 0.95)],
    "equivalence": [[b.tolist(), a.tolist(), m, float(ttost_paired(a, b, -m, m)[0])] for b, a in pairs for m in (0.01, 0.03, 0.06)],
    "change": [[g, l, n, level, change(g, l, n, level)]
               for g, l, n in ((0, 0, 10), (4, 0, 40), (120, 80, 1000), (3, 9, 50_000)) for level in (0.9, 0.95)],
    "permutation": [[c, sizes, permuted(c, sizes)] for c, sizes in (
        ([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, -1, 0], [10, 2]), ([1, 1, 1, 1, 0, 0, -1, 0, 0, 0, 0, 1], [12]),
        ([1, 1, 1, 1, 1, 0, 1, -1, -1, 0, 0, 0], [7, 5]), ([0.5, -1, 0.25, 1, 1, 0, 0, 0], [2, 6]))],
    "bootstrap": {"values": differences, "interval": resampled(differences)},
    "bootstrap-clusters": {
        "clusters": clusters,
        "interval": resampled(np.mean(clusters, axis=1)),
    },
    "bootstrap-seeds": {"seeds": seeds, "interval": nested(seeds)},
}, open(sys.argv[1] + "/statistics.json", "w"), separators=(",", ":"))
