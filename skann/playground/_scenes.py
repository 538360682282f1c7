"""The lecture's steps: each a link, two sentences and what to set."""

import math

# Name: title and text in English and Chinese, settings, and weights set by hand.
SCENES = {
    "perceptron": {
        "en": (
            "A perceptron on separable points",
            "One neuron learns from its mistakes alone, and stops when it makes none. "
            "Two clouds that a line separates are enough for that; press run.",
        ),
        "zh": (
            "感知器与可分的点",
            "单个神经元只从错误中学习，不再犯错时就停下来。两团点可以用一条直线分开，"
            "这就够了；请按运行。",
        ),
        "settings": {
            "data": "gauss",
            "layers": [],
            "loss": "perceptron",
            "batch": 1,
            "rate": 0.1,
        },
    },
    "xor-fails": {
        "en": (
            "Exclusive or without a hidden layer",
            "No line has both blue clouds on one side and both orange ones on the "
            "other. However long it trains, about half of the points stay wrong.",
        ),
        "zh": (
            "没有隐藏层的异或",
            "没有一条直线能把两团蓝点和两团橙点分在两侧。无论训练多久，总有大约一半的"
            "点是错的。",
        ),
        "settings": {"data": "corners", "layers": [], "batch": 1, "rate": 0.1},
    },
    "xor-by-hand": {
        "en": (
            "Exclusive or with two units set by hand",
            "Each hidden unit draws one line, and the output asks whether a point is "
            "between the two. Click a link to change its weight and see a line move.",
        ),
        "zh": (
            "手工设定两个单元解决异或",
            "每个隐藏单元画一条直线，输出单元判断点是否在两线之间。点击一条连线修改权"
            "重，就能看到直线移动。",
        ),
        "settings": {
            "data": "corners",
            "layers": [2],
            "activations": ["step"],
            "loss": "perceptron",
            "batch": 1,
        },
        "weights": {
            "coefs_": [[[1, 1], [1, 1]], [[2], [-2]]],
            "intercepts_": [[-3, 3], [1]],
        },
    },
    "xor-learnt": {
        "en": (
            "Exclusive or by back-propagation",
            "Sigmoid units have a slope, so that the error can be sent back to them. "
            "Four of them find lines of their own.",
        ),
        "zh": (
            "用反向传播学会异或",
            "sigmoid 单元有斜率，误差可以传回给它们。四个这样的单元自己找到了直线。",
        ),
        "settings": {
            "data": "corners",
            "layers": [4],
            "activations": ["logistic"],
            "rate": 0.3,
        },
    },
    "random-layer": {
        "en": (
            "A front layer left to chance",
            "The step units in front never learn; their random lines cut the plane "
            "into pieces. With enough of them, one trained neuron behind can pick its "
            "own.",
        ),
        "zh": (
            "随机的前层",
            "前面的阶跃单元从不学习，它们随机的直线把平面切成小块。只要单元足够多，"
            "后面一个经过训练的神经元就能挑出需要的小块。",
        ),
        "settings": {
            "data": "circle",
            "layers": [32],
            "activations": ["step"],
            "weightInit": "uniform",
            "rate": 0.1,
        },
        # Lines through the middle alone could not tell a disc from its ring.
        "weights": {
            "intercepts_": [[round(2 * math.sin(7 * i), 2) for i in range(32)]]
        },
    },
    "bad-start-mse": {
        "en": (
            "A bad start with squared error",
            "The neuron is sure and wrong, where the sigmoid is flat, so that its "
            "error barely moves it. Keep this curve, then take the next scene.",
        ),
        "zh": (
            "坏的起点与平方误差",
            "神经元很自信却是错的，那里的 sigmoid 很平，误差几乎推不动它。请保留这条"
            "曲线，再看下一个场景。",
        ),
        "settings": {"data": "gauss", "layers": [], "loss": "mse", "rate": 0.03},
        "weights": {"coefs_": [[[-3], [-3]]], "intercepts_": [[0]]},
    },
    "bad-start-cross-entropy": {
        "en": (
            "The same bad start with cross-entropy",
            "The slope of the sigmoid cancels, and the more a neuron is wrong the "
            "faster it learns. Everything but the loss is as before.",
        ),
        "zh": (
            "同样的起点与交叉熵",
            "sigmoid 的斜率被消去，错得越多学得越快。除损失函数外一切照旧。",
        ),
        "settings": {
            "data": "gauss",
            "layers": [],
            "loss": "cross_entropy",
            "rate": 0.03,
        },
        "weights": {"coefs_": [[[-3], [-3]]], "intercepts_": [[0]]},
    },
    "vanishing-gradients": {
        "en": (
            "Vanishing gradients in six sigmoid layers",
            "Each sigmoid layer passes on at most a quarter of the error, so the first "
            "layers stay as they began. Change all activations to relu and run again.",
        ),
        "zh": (
            "六层 sigmoid 的梯度消失",
            "每层 sigmoid 最多传回四分之一的误差，前面几层几乎不动。把激活函数都改成 "
            "relu 再运行一次。",
        ),
        "settings": {
            "data": "circle",
            "layers": [8, 8, 8, 8, 8, 8],
            "activations": ["logistic"] * 6,
            "rate": 0.1,
            "speed": 10,
        },
    },
}
