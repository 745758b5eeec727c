"""The hand-fused kernels. A task is a stretch of pixels; within it, blocks whose planes stay in L1 for all loops.

The exponential is a polynomial in f32, since numba turns `np.exp` into calls: two loops, through an integer view of the scratch,
because only whole arrays can be looked at as another type.
"""

import numpy as np
from numba import njit, prange

BLOCK = 512
STRETCH = 1 << 15
FAST = {"parallel": True, "fastmath": True, "cache": True, "boundscheck": False}


@njit(fastmath=True, inline="always")
def exponentials(z, r, scale, bits, length):
    """r becomes exp(z), for |z| < 87; a relative error of about 1e-7."""
    for i in range(length):
        k = np.floor(z[i] * np.float32(1.4426950408889634) + np.float32(0.5))
        r[i] = (z[i] - k * np.float32(0.693359375)) + k * np.float32(2.12194440e-4)
        bits[i] = (np.int32(k) + np.int32(127)) << np.int32(23)
    for i in range(length):
        x = r[i]
        q = np.float32(1.9875691500e-4)
        q = q * x + np.float32(1.3981999507e-3)
        q = q * x + np.float32(8.3334519073e-3)
        q = q * x + np.float32(4.1665795894e-2)
        q = q * x + np.float32(1.6666665459e-1)
        q = q * x + np.float32(0.5)
        r[i] = (q * x * x + x + np.float32(1)) * scale[i]


@njit(fastmath=True, inline="always")
def softmax_block(z, e, inverse, scale, bits, shifted, length):
    """e becomes the probabilities; `inverse` stays 1 / Σ exp(z − max), `shifted` the maximum."""
    classes = z.shape[0]
    top = np.empty(BLOCK, np.float32)
    for i in range(length):
        top[i] = z[0, i]
        inverse[i] = np.float32(0)
    for c in range(1, classes):
        for i in range(length):
            top[i] = max(top[i], z[c, i])
    for c in range(classes):
        for i in range(length):
            shifted[i] = max(z[c, i] - top[i], np.float32(-87))
        exponentials(shifted, e[c], scale, bits, length)
        for i in range(length):
            inverse[i] += e[c, i]
    for i in range(length):
        inverse[i] = np.float32(1) / inverse[i]
        shifted[i] = top[i]
    for c in range(classes):
        for i in range(length):
            e[c, i] *= inverse[i]


@njit(**FAST)
def softmax_sums(z, y, with_entropy):
    samples, classes, pixels = z.shape
    stretches = (pixels + STRETCH - 1) // STRETCH
    tasks = samples * stretches
    overlap, size = np.zeros((tasks, classes)), np.zeros((tasks, classes))
    total, entropy = np.zeros((tasks, classes)), np.zeros(tasks)
    for task in prange(tasks):
        sample, first = task // stretches, (task % stretches) * STRETCH
        e = np.empty((classes, BLOCK), np.float32)
        inverse, shifted = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        scale = np.empty(BLOCK, np.float32)
        bits = scale.view(np.int32)
        for start in range(first, min(first + STRETCH, pixels), BLOCK):
            length = min(BLOCK, pixels - start)
            block = z[sample, :, start : start + length]
            labels = y[sample, start : start + length]
            softmax_block(block, e, inverse, scale, bits, shifted, length)
            for c in range(classes):
                p, own, count = np.float32(0), np.float32(0), np.int32(0)
                for i in range(length):
                    is_own = labels[i] == c
                    p += e[c, i]
                    own += e[c, i] if is_own else np.float32(0)
                    count += np.int32(is_own)
                size[task, c] += p
                overlap[task, c] += own
                total[task, c] += count
            if with_entropy:
                for i in range(length):
                    entropy[task] += shifted[i] - np.log(inverse[i]) - block[labels[i], i]
    return overlap.sum(0), size.sum(0), total.sum(0), entropy.sum()


@njit(**FAST)
def softmax_gradient(z, y, by_overlap, by_size, share, slope):
    samples, classes, pixels = z.shape
    stretches = (pixels + STRETCH - 1) // STRETCH
    for task in prange(samples * stretches):
        sample, first = task // stretches, (task % stretches) * STRETCH
        e = np.empty((classes, BLOCK), np.float32)
        inverse, shifted = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        scale = np.empty(BLOCK, np.float32)
        bits = scale.view(np.int32)
        mean = np.empty(BLOCK, np.float32)
        for start in range(first, min(first + STRETCH, pixels), BLOCK):
            length = min(BLOCK, pixels - start)
            labels = y[sample, start : start + length]
            softmax_block(z[sample, :, start : start + length], e, inverse, scale, bits, shifted, length)
            for i in range(length):
                mean[i] = e[labels[i], i] * by_overlap[labels[i]]
            for c in range(classes):
                for i in range(length):
                    mean[i] += e[c, i] * by_size[c]
            for c in range(classes):
                out = slope[sample, c, start : start + length]
                for i in range(length):
                    is_own = labels[i] == c
                    derivative = by_size[c] + (by_overlap[c] if is_own else np.float32(0))
                    out[i] = e[c, i] * (derivative - mean[i] + share) - (share if is_own else np.float32(0))


@njit(fastmath=True, inline="always")
def sigmoid_block(z, p, scale, bits, shifted, length):
    for i in range(length):
        shifted[i] = min(max(-z[i], np.float32(-87)), np.float32(87))
    exponentials(shifted, p, scale, bits, length)
    for i in range(length):
        p[i] = np.float32(1) / (np.float32(1) + p[i])


@njit(**FAST)
def sigmoid_sums(z, y):
    samples, pixels = z.shape
    overlap, size, total = np.zeros(samples), np.zeros(samples), np.zeros(samples)
    for sample in prange(samples):
        p, shifted, scale = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        bits = scale.view(np.int32)
        for start in range(0, pixels, BLOCK):
            length = min(BLOCK, pixels - start)
            labels = y[sample, start : start + length]
            sigmoid_block(z[sample, start : start + length], p, scale, bits, shifted, length)
            whole, own, count = np.float32(0), np.float32(0), np.int32(0)
            for i in range(length):
                whole += p[i]
                own += p[i] * np.float32(labels[i])
                count += np.int32(labels[i])
            size[sample] += whole
            overlap[sample] += own
            total[sample] += count
    return overlap, size, total


@njit(**FAST)
def sigmoid_gradient(z, y, by_overlap, by_size, slope):
    samples, pixels = z.shape
    for sample in prange(samples):
        p, shifted, scale = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        bits = scale.view(np.int32)
        for start in range(0, pixels, BLOCK):
            length = min(BLOCK, pixels - start)
            labels = y[sample, start : start + length]
            sigmoid_block(z[sample, start : start + length], p, scale, bits, shifted, length)
            out = slope[sample, start : start + length]
            for i in range(length):
                derivative = by_size[sample] + by_overlap[sample] * np.float32(labels[i])
                out[i] = p[i] * (np.float32(1) - p[i]) * derivative


@njit(**FAST)
def planes_sums(p, g, with_entropy):
    pixels, classes = p.shape
    tasks = (pixels + STRETCH - 1) // STRETCH
    overlap, size, total = np.zeros((tasks, classes)), np.zeros((tasks, classes)), np.zeros((tasks, classes))
    entropy = np.zeros(tasks)
    for task in prange(tasks):
        for i in range(task * STRETCH, min((task + 1) * STRETCH, pixels)):
            for c in range(classes):
                if with_entropy:
                    clipped = min(max(p[i, c], np.float32(1e-7)), np.float32(1 - 1e-7))
                    entropy[task] -= g[i, c] * np.log(clipped)
                else:
                    overlap[task, c] += p[i, c] * g[i, c]
                    size[task, c] += p[i, c]
                    total[task, c] += g[i, c]
    return overlap.sum(0), size.sum(0), total.sum(0), entropy.sum()


@njit(**FAST)
def planes_gradient(p, g, by_overlap, by_size, share, slope):
    pixels, classes = p.shape
    for i in prange(pixels):
        for c in range(classes):
            derivative = by_size[c] + by_overlap[c] * g[i, c]
            if share != 0 and p[i, c] >= np.float32(1e-7) and p[i, c] <= np.float32(1 - 1e-7):
                derivative -= share * g[i, c] / p[i, c]
            slope[i, c] = derivative


@njit(**FAST)
def counts(a, b, classes):
    stretch = 1 << 20
    tasks = (a.size + stretch - 1) // stretch
    both = np.zeros((tasks, classes), np.int64)
    first, second = np.zeros((tasks, classes), np.int64), np.zeros((tasks, classes), np.int64)
    for task in prange(tasks):
        for i in range(task * stretch, min((task + 1) * stretch, a.size)):
            first[task, a[i]] += 1
            second[task, b[i]] += 1
            if a[i] == b[i]:
                both[task, a[i]] += 1
    return both.sum(0), first.sum(0), second.sum(0)
