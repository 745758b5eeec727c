"""How far is TensorFlow, compiled by XLA?"""

from common import NAME, THREADS, leave_out, need, report, tensors

tf = need("tensorflow")
tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(1)


def dice(p, g, axes, smooth):
    overlap, sizes = tf.reduce_sum(p * g, axes), tf.reduce_sum(p, axes) + tf.reduce_sum(g, axes)
    return tf.reduce_mean(1 - (2 * overlap + smooth) / (sizes + smooth))


def sigmoid_dice(z, mask):
    return dice(tf.sigmoid(z), tf.cast(mask, tf.float32)[:, None], (2, 3), 1e-5)


def softmax_dice(z, labels):
    planes = tf.one_hot(labels, z.shape[1], axis=1)
    return dice(tf.nn.softmax(z, 1), planes, (0, *range(2, len(z.shape))), 1e-5)


def dice_cross_entropy(z, labels):
    planes = tf.one_hot(labels, z.shape[1], axis=1)
    per_pixel = tf.reduce_logsumexp(z, 1) - tf.reduce_sum(planes * z, 1)
    return softmax_dice(z, labels) + tf.reduce_mean(per_pixel)


def clipped_cross_entropy(p, g):
    return -tf.reduce_mean(tf.reduce_sum(g * tf.math.log(tf.clip_by_value(p, 1e-7, 1 - 1e-7)), -1))


LOSSES = {
    "W1": sigmoid_dice,
    "W2": softmax_dice,
    "W3": dice_cross_entropy,
    "W4": dice_cross_entropy,
    "W5": lambda p, g: dice(p, g, (2, 3), 1e-5),
    "W6a": clipped_cross_entropy,
    "W6b": lambda p, g: dice(p, g, (0, 1, 2), 1e-7),
}
if NAME not in LOSSES:
    leave_out(f"no {NAME} here")
loss = LOSSES[NAME]
prediction, target = map(tf.constant, tensors())


@tf.function(jit_compile=True)
def forward(z, y):
    return loss(z, y)


@tf.function(jit_compile=True)
def both(z, y):
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = loss(z, y)
    return value, tape.gradient(value, z)


def gradient():
    value, slope = both(prediction, target)
    # The last element is there when all are.
    slope[(-1,) * len(slope.shape)].numpy()
    return value.numpy()


report("tf-xla", "forward", lambda: forward(prediction, target).numpy())
report("tf-xla", "gradient", gradient)
