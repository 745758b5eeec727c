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


LANES = 16


@njit(**FAST)
def interleaved_sums(p, g, classes):
    """Flat arrays, classes last. Lane i of `LANES · classes` belongs to class i mod classes, so that the sums are vectors."""
    lanes = LANES * classes
    stretch = lanes * 512
    tasks = (p.size + stretch - 1) // stretch
    overlap, size, total = np.zeros((tasks, lanes)), np.zeros((tasks, lanes)), np.zeros((tasks, lanes))
    for task in prange(tasks):
        own, whole, count = np.zeros(lanes, np.float32), np.zeros(lanes, np.float32), np.zeros(lanes, np.float32)
        for start in range(task * stretch, min((task + 1) * stretch, p.size), lanes):
            for i in range(min(lanes, p.size - start)):
                own[i] += p[start + i] * g[start + i]
                whole[i] += p[start + i]
                count[i] += g[start + i]
        overlap[task, :], size[task, :], total[task, :] = own, whole, count
    shape = (LANES, classes)
    return overlap.sum(0).reshape(shape).sum(0), size.sum(0).reshape(shape).sum(0), total.sum(0).reshape(shape).sum(0)


@njit(**FAST)
def interleaved_gradient(g, by_overlap, by_size, slope):
    classes = by_size.size
    lanes = LANES * classes
    stretch = lanes * 512
    overlaps, sizes = np.empty(lanes, np.float32), np.empty(lanes, np.float32)
    for i in range(lanes):
        overlaps[i], sizes[i] = by_overlap[i % classes], by_size[i % classes]
    for task in prange((g.size + stretch - 1) // stretch):
        for start in range(task * stretch, min((task + 1) * stretch, g.size), lanes):
            for i in range(min(lanes, g.size - start)):
                slope[start + i] = sizes[i] + overlaps[i] * g[start + i]


@njit(**FAST)
def clipped_entropy(p, g, share, slope, with_gradient):
    """Value and gradient in one pass; a logarithm only where the target is not 0."""
    pixels, classes = p.shape
    tasks = (pixels + STRETCH - 1) // STRETCH
    entropy = np.zeros(tasks)
    low, high = np.float32(1e-7), np.float32(1 - 1e-7)
    for task in prange(tasks):
        for i in range(task * STRETCH, min((task + 1) * STRETCH, pixels)):
            for c in range(classes):
                t = g[i, c]
                if t != 0:
                    entropy[task] -= t * np.log(min(max(p[i, c], low), high))
                if with_gradient:
                    inside = p[i, c] >= low and p[i, c] <= high
                    slope[i, c] = -share * t / p[i, c] if inside else np.float32(0)
    return entropy.sum()


@njit(fastmath=True, cache=True)
def small_dice(p, g, smooth, slope, with_gradient):
    """Classes first, one thread: what a call of a few thousand elements deserves."""
    classes, pixels = p.shape
    loss = 0.0
    for c in range(classes):
        own, whole, count = np.float32(0), np.float32(0), np.float32(0)
        for i in range(pixels):
            own += p[c, i] * g[c, i]
            whole += p[c, i]
            count += g[c, i]
        numerator, denominator = 2 * own + smooth, whole + count + smooth
        loss += (1 - numerator / denominator) / classes
        if with_gradient:
            by_overlap = np.float32(-2 / denominator / classes)
            by_size = np.float32(numerator / denominator**2 / classes)
            for i in range(pixels):
                slope[c, i] = by_size + by_overlap * g[c, i]
    return loss


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
