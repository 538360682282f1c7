// The playground's page: one module for two hosts, the server's page and a notebook.
// A host's model has send(message) and on("msg:custom", (message, buffers) => ...).

const TEXT = {
  en: {
    tagline: "a network you can look into", scenes: "Lecture scenes", none: "none", share: "Export", theme: "Light or dark",
    reset: "Reset to the same start", run: "Run", pause: "Pause", step: "Step", epoch: "Epoch", rewind: "Rewind to an epoch",
    rate: "Learning rate", activation: "Activation", loss: "Loss", penalty: "Regularisation", alpha: "Its rate", problem: "Problem", solver: "Solver",
    speed: "Epochs a frame", max: "as fast as it can", more: "More settings", momentum: "Momentum", schedule: "Schedule", horizon: "Epochs planned",
    dropout: "Dropout", weightInit: "Initial weights", seed: "Seed", stopEpoch: "Stop at epoch", stopLoss: "Stop at loss", newSeed: "New start",
    data: "Data", ownData: "Your own data", open: "Open CSV", paste: "Paste", draw: "Draw", trainShare: "Training share", noise: "Noise", batch: "Batch size", newData: "New data",
    axis1: "Across", axis2: "Up", target: "Target", columns: "More inputs", classification: "Classification", regression: "Regression", useTable: "Use the table",
    network: "Network", inputs: "Inputs", hidden: "hidden layers", addLayer: "Add a layer", removeLayer: "Remove a layer", hint: "Hover to see, click to edit a weight",
    addUnit: "Add a unit to layer", removeUnit: "Remove a unit from layer", layer: "Layer", unit: "unit", output: "Output", input: "input", bias: "Bias", weightFrom: "from",
    testLoss: "Test loss", trainLoss: "Training loss", accuracy: "accuracy", keep: "Keep this curve", clear: "Clear", showTest: "Show test data", discretize: "Discretise output",
    confusion: "Confusion on test data", predicted: "predicted", slice: "A slice at the medians or most frequent values of the other inputs", leftOut: "rows with gaps left out", unused: "Not used, for they are neither numbers nor few different texts",
    code: "Python code", joblib: "Estimator (joblib)", onnx: "Network (ONNX)", png: "Picture (PNG)", svg: "Picture (SVG)", link: "Copy link",
    copied: "Copied.", copy: "Copy", save: "Save", close: "Close", use: "Use", pasteHere: "Paste a table with a header line", drop: "Drop a CSV file", tooLarge: "The file is too large; the most is",
    disconnected: "The connection is broken; trying again …", pen: "Pen", map: "What the network says over the plane", chart: "Losses by epoch", drawHint: "Click on the map to draw points.",
    clearPoints: "Clear points", one: "blue", zero: "orange", none_: "None", max1: "max", min: "min",
    circle: "Circle", xor: "Exclusive or", gauss: "Two clouds", spiral: "Spiral", corners: "Four clouds", plane: "Plane", "multi-gauss": "Hills",
  },
  zh: {
    tagline: "看得见内部的网络", scenes: "课程场景", none: "无", share: "导出", theme: "浅色或深色",
    reset: "回到同一起点", run: "运行", pause: "暂停", step: "单步", epoch: "轮次", rewind: "回到某一轮",
    rate: "学习率", activation: "激活函数", loss: "损失函数", penalty: "正则化", alpha: "正则化率", problem: "问题", solver: "求解器",
    speed: "每帧轮数", max: "尽可能快", more: "更多设置", momentum: "动量", schedule: "学习率计划", horizon: "计划轮数",
    dropout: "随机失活", weightInit: "初始权重", seed: "随机种子", stopEpoch: "停在轮次", stopLoss: "停在损失", newSeed: "新的起点",
    data: "数据", ownData: "自己的数据", open: "打开 CSV", paste: "粘贴", draw: "手绘", trainShare: "训练数据比例", noise: "噪声", batch: "批大小", newData: "新数据",
    axis1: "横轴", axis2: "纵轴", target: "目标", columns: "更多输入", classification: "分类", regression: "回归", useTable: "使用表格",
    network: "网络", inputs: "输入", hidden: "个隐藏层", addLayer: "增加一层", removeLayer: "减少一层", hint: "悬停查看，点击修改权重",
    addUnit: "增加单元，层", removeUnit: "减少单元，层", layer: "层", unit: "单元", output: "输出", input: "输入", bias: "偏置", weightFrom: "来自",
    testLoss: "测试损失", trainLoss: "训练损失", accuracy: "准确率", keep: "保留曲线", clear: "清除", showTest: "显示测试数据", discretize: "离散化输出",
    confusion: "测试数据的混淆矩阵", predicted: "预测", slice: "其余输入取中位数或众数的截面", leftOut: "行因有空缺而略去", unused: "不能作输入（既非数值，不同取值又太多）",
    code: "Python 代码", joblib: "估计器 (joblib)", onnx: "网络 (ONNX)", png: "图片 (PNG)", svg: "图片 (SVG)", link: "复制链接",
    copied: "已复制。", copy: "复制", save: "保存", close: "关闭", use: "使用", pasteHere: "粘贴带表头的表格", drop: "拖放 CSV 文件", tooLarge: "文件太大，上限为",
    disconnected: "连接已断开，正在重试……", pen: "画笔", map: "网络在平面上的输出", chart: "各轮的损失", drawHint: "在图上点击即可画点。",
    clearPoints: "清除点", one: "蓝色", zero: "橙色", none_: "无", max1: "最大", min: "最小",
    circle: "圆", xor: "异或", gauss: "两团", spiral: "螺旋", corners: "四团", plane: "斜面", "multi-gauss": "山丘",
  },
};
const RATES = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const ALPHAS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const SPEEDS = [1, 3, 10, 30, 100, 0];
const CLASS_COLOURS = ["#df7400", "#0072b2", "#009e73", "#cc79a7", "#e0c000", "#56b4e9", "#7a5195", "#8c6d31", "#d1495b", "#6c757d"];
const ICONS = {
  reset: '<path d="M12 5V1L6 6l6 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z"/>',
  run: '<path d="M7 4v16l13-8z"/>', pause: '<path d="M6 4h4v16H6zM14 4h4v16h-4z"/>', step: '<path d="M5 4v16l10-8zM16 4h3v16h-3z"/>',
};
const FEATURE_NAMES = {"x1": "X<sub>1</sub>", "x2": "X<sub>2</sub>", "x1^2": "X<sub>1</sub><sup>2</sup>", "x2^2": "X<sub>2</sub><sup>2</sup>", "x1x2": "X<sub>1</sub>X<sub>2</sub>", "sin x1": "sin X<sub>1</sub>", "sin x2": "sin X<sub>2</sub>"};

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const icon = (name) => `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;
const short = (number) => !Number.isFinite(number) ? "–" : number === 0 ? "0" : Math.abs(number) >= 1e4 || Math.abs(number) < 1e-3 ? number.toExponential(1) : String(+number.toPrecision(3));
const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const mix = (a, b, share) => a.map((value, i) => Math.round(value + (b[i] - value) * share));

class Playground {
  constructor(model, el) {
    this.model = model;
    this.state = null; this.frame = null; this.buffers = null; this.points = []; this.kept = [];
    this.hovered = null; this.pen = null; this.shown = "";
    const stored = (name) => { try { return localStorage.getItem("skann-playground-" + name); } catch { return null; } };
    const language = stored("language") || (navigator.language || "en").slice(0, 2);
    this.language = language === "zh" ? "zh" : "en";
    this.theme = stored("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    this.root = make("div", {class: "skpg", "data-theme": this.theme, lang: this.language});
    el.append(this.root);
    this.listen();
    model.on("msg:custom", (message, buffers) => this.receive(message, buffers));
    if (model.address) try { this.kept = JSON.parse(sessionStorage.getItem("skann-playground-kept") ?? "[]"); } catch { /* private */ }
  }

  t(name) { return TEXT[this.language][name] ?? name; }
  send(kind, rest = {}) { this.model.send({kind, ...rest}); }
  set(settings) { this.send("set", {settings}); }
  remember(name, value) { try { localStorage.setItem("skann-playground-" + name, value); } catch { /* private */ } }

  // Messages

  receive(message, buffers) {
    if (message.kind === "connected") { this.error(""); return; }
    if (message.kind === "disconnected") { this.error(this.t("disconnected")); return; }
    if (message.kind === "error") { this.error(message.message); this.refreshFields(); return; }
    if (message.kind === "export") { this.exported(message, buffers); return; }
    if (message.kind === "state") this.take(message, buffers);
    if (message.kind === "frame") {
      this.frame = message; this.buffers = buffers.map((b) => new Uint8Array(b.buffer ?? b, b.byteOffset ?? 0, b.byteLength));
      if (!this.pending) { this.pending = true; requestAnimationFrame(() => { this.pending = false; this.draw(); this.send("ack"); }); }
    }
  }

  take(message, buffers) {
    this.state = {...(this.state ?? {}), ...message};
    if (buffers.length) {
      const bytes = new Uint8Array(buffers[0].buffer ?? buffers[0], buffers[0].byteOffset ?? 0, buffers[0].byteLength);
      this.points = new Float32Array(bytes.slice().buffer);
    }
    if (this.model.address && !this.restored) {
      this.restored = true;
      if (location.hash.length > 1) { this.follow(); return; }
    }
    this.error("");
    const structure = JSON.stringify([this.state.sizes, this.state.inputs, this.state.options?.table, this.state.settings.data, this.state.settings.problem, this.state.settings.activations, this.state.settings.scene, this.state.settings.features, this.language, this.pen !== null]);
    if (structure !== this.shown) { this.shown = structure; this.build(); } else this.refreshFields();
    this.writeAddress();
    this.drawPoints();
  }

  // The state in the address, which the session reads and writes

  follow() { this.send("link", {state: location.hash.slice(1)}); }
  hash() { return this.state.address ? "#" + this.state.address : ""; }
  writeAddress() { if (this.model.address) history.replaceState(null, "", location.pathname + location.search + this.hash()); }

  // The page

  listen() {
    const root = this.root, whole = this.model.address ? document : root; // a notebook has keys of its own
    if (this.model.address) window.addEventListener("hashchange", () => this.follow());
    root.addEventListener("dragover", (event) => { event.preventDefault(); if (this.dropper) this.dropper.hidden = false; });
    root.addEventListener("dragleave", (event) => { if (!event.relatedTarget && this.dropper) this.dropper.hidden = true; });
    root.addEventListener("drop", (event) => { event.preventDefault(); this.dropper.hidden = true; this.readFile(event.dataTransfer.files[0]); });
    whole.addEventListener("paste", (event) => {
      if (/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
      const text = event.clipboardData.getData("text");
      if (text.includes("\n")) this.send("table", {text, name: "clipboard.csv"});
    });
    whole.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { this.closeEditor(); if (this.menu) this.menu.hidden = true; }
      if (event.target.closest("input, select, textarea, button, summary, dialog")) return;
      if (event.key === " ") { event.preventDefault(); this.toggle(); }
      if (event.key === "s") this.send("step");
      if (event.key === "r") this.send("reset");
    });
    this.observer = new ResizeObserver(() => { if (this.graph && this.graphWidth !== this.graph.clientWidth) { this.layOut(); this.draw(); } else this.drawChart(); });
  }

  build() {
    this.fields = []; this.nodes = null;
    const focus = this.root.contains(document.activeElement) ? document.activeElement.id : "";
    const opened = this.root.querySelector(".skpg-more")?.open ?? false;
    this.live = make("div", {class: "skpg-sr", "aria-live": "polite"});
    this.banner = make("div", {class: "skpg-error", role: "alert", hidden: true});
    this.dropper = make("div", {class: "skpg-drop", hidden: true}, this.t("drop"));
    const page = make("main", {class: "skpg-page"}, this.top(), ...this.scene(), this.banner, this.bar(opened),
      make("div", {class: "skpg-main"}, this.dataPanel(), this.networkPanel(), this.outputPanel()), this.live);
    this.root.replaceChildren(page, this.dropper);
    this.root.lang = this.language;
    this.readColours();
    this.refreshFields();
    this.thumbnails();
    this.observer.disconnect(); this.observer.observe(this.graph);
    this.layOut();
    if (this.lastError) this.error(this.lastError);
    if (focus) this.root.querySelector("#" + CSS.escape(focus))?.focus();
    this.draw();
  }

  top() {
    const scenes = this.state.options.scenes;
    const scene = make("select", {id: "skpg-scene", "aria-label": this.t("scenes"), onchange: (e) => e.target.value ? this.send("scene", {scene: e.target.value}) : this.set({scene: ""})},
      make("option", {value: ""}, this.t("scenes") + " …"), ...Object.entries(scenes).map(([name, texts], i) => make("option", {value: name}, `${i + 1}. ${texts[this.language][0]}`)));
    this.fields.push(() => { scene.value = this.state.settings.scene; });
    this.menu = make("div", {hidden: true, role: "group"}, ...["code", "joblib", "onnx", "png", "svg", "link"].map((what) =>
      make("button", {id: "skpg-export-" + what, onclick: () => { this.menu.hidden = true; this.exportAs(what); }}, this.t(what))));
    const language = make("button", {id: "skpg-language", lang: this.language === "en" ? "zh" : "en", onclick: () => { this.language = this.language === "en" ? "zh" : "en"; this.remember("language", this.language); this.shown = ""; this.take({kind: "state"}, []); }}, this.language === "en" ? "中文" : "English");
    const theme = make("button", {id: "skpg-theme", "aria-label": this.t("theme"), title: this.t("theme"), onclick: () => this.setTheme(this.theme === "dark" ? "light" : "dark")}, "◐");
    return make("header", {class: "skpg-top"}, make("h1", {class: "skpg-brand"}, make("i"), "skann playground", make("span", {}, this.t("tagline"))), scene,
      make("div", {class: "skpg-menu"}, make("button", {id: "skpg-export", "aria-expanded": "false", onclick: (e) => { this.menu.hidden = !this.menu.hidden; e.target.setAttribute("aria-expanded", String(!this.menu.hidden)); }}, this.t("share") + " ▾"), this.menu), language, theme);
  }

  setTheme(theme) { this.theme = theme; this.remember("theme", theme); this.root.dataset.theme = theme; this.readColours(); this.thumbnails(); this.draw(); }

  scene() {
    const found = this.state.options.scenes[this.state.settings.scene];
    if (!found) return [];
    const [title, text] = found[this.language];
    return [make("section", {class: "skpg-card skpg-scene"}, make("b", {}, title), make("p", {}, text))];
  }

  select(name, options, label, shown = (v) => v) {
    const input = make("select", {id: "skpg-" + name, onchange: () => this.set({[name]: typeof this.state.settings[name] === "number" ? Number(input.value) : input.value})});
    this.fields.push(() => {
      const value = this.state.settings[name];
      const all = options.includes(value) ? options : [...options, value].sort((a, b) => a - b);
      input.replaceChildren(...all.map((v) => make("option", {value: v}, shown(v))));
      input.value = String(value);
    });
    return make("label", {class: "skpg-field"}, make("span", {}, label), input);
  }

  number(name, label, step, low, high) {
    const input = make("input", {id: "skpg-" + name, type: "number", step, min: low, max: high, onchange: () => this.set({[name]: Number(input.value)})});
    this.fields.push(() => { if (document.activeElement !== input) input.value = this.state.settings[name]; });
    return make("label", {class: "skpg-field"}, make("span", {}, label), input);
  }

  bar(opened) {
    const options = this.state.options, t = (n) => this.t(n);
    const button = (name, action) => { const b = make("button", {id: "skpg-" + name, "aria-label": t(name), title: t(name), onclick: action}); b.innerHTML = icon(name); return b; };
    this.runButton = button("run", () => this.toggle()); this.runButton.classList.add("skpg-run");
    this.epoch = make("output", {id: "skpg-epoch"}, "0");
    this.scrub = make("input", {type: "range", id: "skpg-seek", min: 0, max: 0, value: 0, "aria-label": t("rewind"), oninput: () => this.send("seek", {epoch: Number(this.scrub.value)})});
    const activation = make("select", {id: "skpg-activation", onchange: () => this.set({activations: this.state.settings.activations.map(() => activation.value)})});
    this.fields.push(() => {
      const all = new Set(this.state.settings.activations);
      activation.replaceChildren(...(all.size > 1 ? [make("option", {value: ""}, "…")] : []), ...options.activations.map((v) => make("option", {value: v}, v)));
      activation.value = all.size > 1 ? "" : [...all][0];
    });
    const penalty = (v) => ({none: t("none_"), l1: "L1", l2: "L2"})[v];
    const settings = this.state.settings;
    return make("section", {class: "skpg-card skpg-bar"},
      make("div", {class: "skpg-play"}, button("reset", () => this.send("reset")), this.runButton, button("step", () => this.send("step")),
        make("div", {class: "skpg-epoch"}, make("span", {class: "skpg-label"}, t("epoch")), this.epoch)),
      make("div", {class: "skpg-fields"}, this.select("problem", ["classification", "regression"], t("problem"), t), this.select("loss", options.losses[settings.problem], t("loss")),
        make("label", {class: "skpg-field"}, make("span", {}, t("activation")), activation), this.select("solver", options.solvers, t("solver")), this.select("rate", RATES, t("rate")),
        this.select("penalty", ["none", "l1", "l2"], t("penalty"), penalty), this.select("alpha", ALPHAS, t("alpha")), this.select("speed", SPEEDS, t("speed"), (v) => Number(v) === 0 ? t("max") : v)),
      make("div", {class: "skpg-time"}, this.scrub),
      make("details", {class: "skpg-more", open: opened}, make("summary", {}, t("more")), make("div", {class: "skpg-fields"},
        this.select("schedule", options.schedules, t("schedule")), this.number("horizon", t("horizon"), 1, 1), this.number("momentum", t("momentum"), 0.05, 0, 1), this.number("dropout", t("dropout"), 0.05, 0, 0.9),
        this.select("weightInit", options.weightInits, t("weightInit")), this.number("seed", t("seed"), 1, 0), this.number("stopEpoch", t("stopEpoch"), 1, 0), this.number("stopLoss", t("stopLoss"), "any", 0))));
  }

  toggle() { this.send("run", {on: !(this.frame?.running)}); }

  slider(name, label, low, high, step, shown = (v) => v) {
    const value = make("b"), input = make("input", {type: "range", id: "skpg-" + name, min: low, max: high, step, "aria-label": label, onchange: () => this.set({[name]: Number(input.value)}), oninput: () => { value.textContent = shown(Number(input.value)); }});
    this.fields.push(() => { input.value = this.state.settings[name]; value.textContent = shown(this.state.settings[name]); });
    return make("div", {class: "skpg-slider"}, make("span", {}, label, value), input);
  }

  dataPanel() {
    const {options, settings} = this.state, t = (n) => this.t(n);
    this.sets = [...options.problems.classification, ...options.problems.regression].map((name) => {
      const canvas = make("canvas", {width: 48, height: 48});
      return make("button", {id: "skpg-data-" + name, "aria-pressed": String(settings.data === name), "aria-label": t(name), title: t(name), "data-set": name, onclick: () => { this.pen = null; this.set({data: name, scene: ""}); }}, canvas);
    });
    const file = make("input", {type: "file", id: "skpg-file", accept: ".csv,.tsv,.txt,text/csv", hidden: true, onchange: () => this.readFile(file.files[0])});
    const draw = make("button", {id: "skpg-draw", "aria-pressed": String(this.pen !== null), onclick: () => { this.pen = this.pen === null ? 1 : null; this.strokes = this.state.points.map((p) => [...p]); this.shown = ""; this.take({kind: "state"}, []); }}, t("draw"));
    const parts = [make("h2", {}, t("data")), make("div", {class: "skpg-sets"}, ...this.sets),
      make("div", {class: "skpg-own"}, make("span", {class: "skpg-label"}, t("ownData")), make("div", {class: "skpg-row"}, make("button", {id: "skpg-open", onclick: () => file.click()}, t("open")), make("button", {id: "skpg-paste", onclick: () => this.pasteDialog()}, t("paste")), draw), file)];
    if (this.pen !== null) parts.push(this.penPanel());
    if (options.table && settings.data !== "table") parts.push(make("button", {onclick: () => this.set({data: "table"})}, t("useTable")));
    if (settings.data === "table") parts.push(this.tablePanel());
    parts.push(this.slider("share", t("trainShare"), 10, 90, 10, (v) => v + " %"));
    if (!["table", "drawn"].includes(settings.data)) parts.push(this.slider("noise", t("noise"), 0, 0.5, 0.05, (v) => Math.round(100 * v)));
    parts.push(this.slider("batch", t("batch"), 1, 30, 1), make("button", {id: "skpg-newdata", onclick: () => this.set({dataSeed: this.state.settings.dataSeed + 1})}, t("newData")),
      make("button", {id: "skpg-newseed", onclick: () => this.set({seed: this.state.settings.seed + 1})}, t("newSeed")));
    return make("section", {class: "skpg-card skpg-data", "aria-label": t("data")}, ...parts);
  }

  penPanel() {
    const t = (n) => this.t(n);
    const pens = [0, 1].map((c) => make("button", {"aria-pressed": String(this.pen === c), id: "skpg-pen-" + c, onclick: () => { this.pen = c; pens.forEach((b, i) => b.setAttribute("aria-pressed", String(i === c))); }}, t(c ? "one" : "zero")));
    return make("div", {class: "skpg-own"}, make("span", {class: "skpg-label"}, t("drawHint")), make("div", {class: "skpg-row"}, ...pens), make("button", {onclick: () => { this.strokes = []; this.drawPoints(); }}, t("clearPoints")));
  }

  tablePanel() {
    const {options, settings} = this.state, table = options.table, t = (n) => this.t(n);
    const more = table.inputs.filter((name) => ![settings.axis1, settings.axis2, settings.target].includes(name));
    const boxes = more.map((name) => {
      const box = make("input", {type: "checkbox", checked: settings.columns.includes(name), onchange: () => this.set({columns: more.filter((n) => n === name ? box.checked : settings.columns.includes(n))})});
      return make("label", {class: "skpg-check"}, box, name);
    });
    return make("div", {class: "skpg-own"}, make("b", {}, `${table.name} (${table.rows})`), this.select("axis1", table.numeric, t("axis1")), this.select("axis2", table.numeric, t("axis2")), this.select("target", table.columns, t("target")),
      this.state.nLeftOut ? make("span", {class: "skpg-label"}, `${this.state.nLeftOut} ${t("leftOut")}`) : null,
      boxes.length ? make("span", {class: "skpg-label"}, t("columns")) : null, boxes.length ? make("div", {class: "skpg-columns"}, ...boxes) : null,
      Object.keys(table.unused).length ? make("span", {class: "skpg-note", title: Object.values(table.unused).join("\n")}, `${t("unused")}: ${Object.keys(table.unused).join(", ")}`) : null);
  }

  networkPanel() {
    const {settings, options} = this.state, t = (n) => this.t(n), n = settings.layers.length;
    const resize = (layers, activations) => this.set({layers, activations});
    this.plane = make("div"); this.graph = make("div", {class: "skpg-graph"}, this.plane);
    return make("section", {class: "skpg-card skpg-net", "aria-label": t("network")}, make("div", {class: "skpg-nethead"}, make("h2", {}, t("network")),
      make("button", {id: "skpg-remove-layer", "aria-label": t("removeLayer"), title: t("removeLayer"), disabled: n === 0, onclick: () => resize(settings.layers.slice(0, -1), settings.activations.slice(0, Math.max(1, n - 1)))}, "−"),
      make("span", {}, `${n} ${this.language === "en" && n === 1 ? "hidden layer" : t("hidden")}`),
      make("button", {id: "skpg-add-layer", "aria-label": t("addLayer"), title: t("addLayer"), disabled: n >= options.maxLayers, onclick: () => resize([...settings.layers, settings.layers.at(-1) ?? 4], n ? [...settings.activations, settings.activations.at(-1)] : settings.activations)}, "+"),
      make("span", {class: "skpg-hint"}, t("hint"))), this.graph);
  }

  // Where each unit is, and its button

  layOut() {
    if (!this.graph || !this.state.sizes) return;
    const {settings, options, sizes, inputs} = this.state, t = (n) => this.t(n);
    this.closeEditor();
    const rows = [...options.features, ...inputs.slice(settings.features.length)];
    // Where each row is among the network's inputs; the names of columns may be a feature's.
    const place = rows.map((name, i) => i < options.features.length ? settings.features.indexOf(name) : i - options.features.length + settings.features.length);
    const tallest = Math.max(...sizes.slice(1, -1), 1), n_columns = sizes.length;
    this.graphWidth = this.graph.clientWidth;
    // Where there is little room, as on a phone, columns come closer before the rest is scrolled to.
    const isNarrow = this.graphWidth < 152 + (n_columns - 1) * 94, right = isNarrow ? 24 : 34;
    const longest = Math.max(...rows.slice(7).map((r) => r.length), settings.data === "table" ? 7 : 3);
    const left = Math.min(isNarrow ? 84 : 118, (isNarrow ? 36 : 60) + 8 * longest);
    const width = Math.max(this.graphWidth, left + right + (n_columns - 1) * 36), gap = (width - left - right) / (n_columns - 1);
    const isTight = gap < 88, head = isTight ? 116 : 64;
    const height = head + Math.max(400, 38 * rows.length + 10, Math.min(tallest, 16) * 46);
    const room = height - head;
    const x = (column) => left + gap * column;
    const spread = (i, n, most) => { const step = Math.min(most, room / n); return [head + room / 2 + (i - (n - 1) / 2) * step, Math.max(5, Math.min(38, step - 4, gap - 8))]; };
    this.plane.style.cssText = `width:${width}px;height:${height}px`;
    this.links = make("canvas", {width: width * devicePixelRatio, height: height * devicePixelRatio, style: `width:${width}px;height:${height}px`});
    this.tip = make("div", {class: "skpg-tip", hidden: true});
    const parts = [this.links, this.tip];
    this.nodes = []; // of each layer of the network, in theta's order
    const canvas = () => make("canvas", {width: this.state.unitSize, height: this.state.unitSize});
    parts.push(make("div", {class: "skpg-head", style: `left:${x(0)}px`}, t("inputs")));
    this.nodes.push([]);
    rows.forEach((name, i) => {
      const [y, size] = spread(i, rows.length, 48), own = i < options.features.length, on = place[i] >= 0;
      const shown = make("span", {class: "skpg-name", style: `left:${x(0) - size / 2}px;top:${y}px;max-width:${x(0) - size / 2}px`, title: name});
      if (own) shown.innerHTML = FEATURE_NAMES[name]; else shown.textContent = name;
      if (own && settings.data === "table" && i < 2) shown.textContent = this.state.axes[i];
      if (size < 14) shown.textContent = "";
      const button = make("button", {id: "skpg-feature-" + i, class: "skpg-node" + (on ? "" : " skpg-off"), "aria-pressed": own ? String(on) : null, "aria-label": `${t("input")} ${shown.textContent || name}`, title: shown.textContent, style: `left:${x(0)}px;top:${y}px;width:${size}px;height:${size}px`,
        onclick: () => { if (own) this.set({features: options.features.filter((f) => f === name ? !on : settings.features.includes(f))}); }}, canvas());
      parts.push(shown, button);
      if (on) this.nodes[0][place[i]] = {button, x: x(0), y, size};
    });
    sizes.slice(1).forEach((n, index) => {
      const last = index === sizes.length - 2;
      if (!last) parts.push(this.layerHead(index, x(index + 1), isTight ? gap - 3 : null));
      else parts.push(make("div", {class: "skpg-head", style: `left:${x(index + 1)}px`}, t("output")));
      this.nodes.push(Array.from({length: n}, (_, i) => {
        const [y, size] = spread(i, n, 48), label = last ? `${t("output")} ${(n > 1 ? this.state.classes?.[i] : "") ?? ""}` : `${t("layer")} ${index + 1}, ${t("unit")} ${i + 1}`;
        const button = make("button", {id: `skpg-unit-${index}-${i}`, class: "skpg-node" + (last ? " skpg-dot" : ""), "aria-label": label, title: label, style: `left:${x(index + 1)}px;top:${y}px;width:${last ? Math.min(size, 22) : size}px;height:${last ? Math.min(size, 22) : size}px`, onclick: () => this.edit(index, i)}, last ? "" : canvas());
        if (last && n > 1) button.style.setProperty("background", CLASS_COLOURS[i], "important");
        parts.push(button);
        return {button, x: x(index + 1), y, size: last ? Math.min(size, 22) : size};
      }));
    });
    this.nodes.forEach((layer, column) => layer.forEach((node, i) => {
      const hover = (on) => () => { this.hovered = on && column < sizes.length - 1 ? [column, i] : null; this.draw(); };
      for (const [name, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) node.button.addEventListener(name, hover(on));
    }));
    this.plane.onmousemove = (event) => this.hoverLink(event);
    this.plane.onmouseleave = () => { this.link = null; this.tip.hidden = true; };
    this.plane.onclick = (event) => { if (this.link && !event.target.closest("button, select, .skpg-edit")) { event.stopPropagation(); this.edit(this.link.layer, this.link.to, this.link.from); } };
    this.plane.replaceChildren(...parts);
  }

  layerHead(index, x, width) {
    const {settings, options} = this.state, t = (n) => this.t(n), n = settings.layers[index];
    const change = (by) => this.set({layers: this.state.settings.layers.map((v, i) => i === index ? v + by : v)});
    const pick = make("select", {id: "skpg-activation-" + index, "aria-label": `${t("activation")}, ${t("layer")} ${index + 1}`, onchange: () => this.set({activations: this.state.settings.activations.map((v, i) => i === index ? pick.value : v)})}, ...options.activations.map((v) => make("option", {value: v}, v)));
    pick.value = settings.activations[index];
    return make("div", {class: "skpg-head" + (width ? " skpg-tight" : ""), style: `left:${x}px;` + (width ? `width:${width}px` : "")}, make("div", {class: "skpg-count"},
      make("button", {id: "skpg-less-" + index, "aria-label": `${t("removeUnit")} ${index + 1}`, disabled: n <= 1, onclick: () => change(-1)}, "−"), make("b", {}, n),
      make("button", {id: "skpg-plus-" + index, "aria-label": `${t("addUnit")} ${index + 1}`, disabled: n >= options.maxUnits, onclick: () => change(1)}, "+")), pick);
  }

  // Weights: theta has, layer after layer, weights (inputs by units) and biases

  weights() {
    const {sizes} = this.state, bytes = this.buffers[3], theta = new Float32Array(bytes.slice().buffer);
    let at = 0;
    return sizes.slice(1).map((n_out, i) => { const n_in = sizes[i], w = theta.subarray(at, at + n_in * n_out), b = theta.subarray(at + n_in * n_out, at + n_in * n_out + n_out); at += (n_in + 1) * n_out; return {w, b, n_in, n_out}; });
  }

  path(from, to) { const a = from.x + from.size / 2, b = to.x - to.size / 2, m = (a + b) / 2; return [a, from.y, m, from.y, m, to.y, b, to.y]; }

  drawLinks(layers) {
    const context = this.links.getContext("2d"), scale = devicePixelRatio;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, this.links.width, this.links.height);
    layers.forEach(({w, n_in, n_out}, layer) => {
      const many = n_in * n_out > 600, most = w.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-9), largest = many ? most : Math.max(1, most);
      for (let i = 0; i < n_in; i++) for (let j = 0; j < n_out; j++) {
        const value = w[i * n_out + j], size = Math.abs(value) / largest;
        if (many && size < 0.3) continue; // the strongest of thousands
        const from = this.nodes[layer][i], to = this.nodes[layer + 1][j];
        if (!from || !to) continue;
        const near = this.link && this.link.layer === layer && this.link.from === i && this.link.to === j;
        const lit = this.hovered && ((this.hovered[0] === layer && this.hovered[1] === i) || (this.hovered[0] === layer + 1 && this.hovered[1] === j));
        context.globalAlpha = near || lit ? 1 : this.hovered ? 0.15 : 0.35 + 0.6 * size;
        context.strokeStyle = value >= 0 ? this.colours.pos : this.colours.neg;
        context.lineWidth = (near ? 2 : 0) + 0.6 + (many ? 2 : 5) * Math.sqrt(size);
        const p = this.path(from, to);
        context.beginPath(); context.moveTo(p[0], p[1]); context.bezierCurveTo(...p.slice(2)); context.stroke();
      }
    });
    context.globalAlpha = 1;
  }

  hoverLink(event) {
    if (this.frame?.network !== this.state.network || event.target.closest("button, select, .skpg-edit")) { if (this.link) { this.link = null; this.tip.hidden = true; this.draw(); } return; }
    const box = this.plane.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = null, least = 7;
    this.weights().forEach(({w, n_in, n_out}, layer) => {
      const a = this.nodes[layer][0], b = this.nodes[layer + 1][0];
      if (!a || x < a.x || x > b.x) return;
      for (let i = 0; i < n_in; i++) for (let j = 0; j < n_out; j++) {
        const p = this.path(this.nodes[layer][i], this.nodes[layer + 1][j]), s = Math.min(1, Math.max(0, (x - p[0]) / (p[6] - p[0])));
        // The curve's x is not quite even in its parameter: look around.
        for (let d = -0.15; d <= 0.15; d += 0.03) {
          const u = Math.min(1, Math.max(0, s + d)), v = 1 - u;
          const px = v ** 3 * p[0] + 3 * v * v * u * p[2] + 3 * v * u * u * p[4] + u ** 3 * p[6], py = v ** 3 * p[1] + 3 * v * v * u * p[3] + 3 * v * u * u * p[5] + u ** 3 * p[7];
          const distance = Math.hypot(px - x, py - y);
          if (distance < least) { least = distance; best = {layer, from: i, to: j, value: w[i * n_out + j]}; }
        }
      }
    });
    const same = best && this.link && ["layer", "from", "to"].every((k) => best[k] === this.link[k]);
    this.link = best;
    this.plane.style.cursor = best ? "pointer" : "";
    this.tip.hidden = !best;
    if (best) { this.tip.textContent = short(best.value); this.tip.style.left = x + "px"; this.tip.style.top = y + "px"; }
    if (!same) this.draw();
  }

  edit(layer, unit, only = null) {
    this.closeEditor();
    if (this.frame?.network !== this.state.network) return;
    const t = (n) => this.t(n), {w, b, n_in, n_out} = this.weights()[layer], node = this.nodes[layer + 1][unit];
    const row = (label, value, array, index) => {
      const input = make("input", {type: "number", step: "any", value: String(+value.toPrecision(6)), onchange: () => this.send("weight", {array, layer, index, value: Number(input.value)}), onkeydown: (e) => { if (e.key === "Enter") { input.blur(); this.closeEditor(); node.button.focus(); } }});
      return make("label", {}, label, input);
    };
    const names = layer === 0 ? this.state.inputs : null, rows = only === null ? [row(t("bias"), b[unit], "intercepts_", [unit])] : [];
    for (let i = 0; i < n_in; i++) if (only === null || only === i) rows.push(row(`${t("weightFrom")} ${names ? names[i] : i + 1}`, w[i * n_out + unit], "coefs_", [i, unit]));
    this.editor = make("div", {class: "skpg-edit", role: "dialog", "aria-label": node.button.getAttribute("aria-label")}, make("h2", {}, node.button.getAttribute("aria-label")), ...rows, make("button", {onclick: () => { this.closeEditor(); node.button.focus(); }}, t("close")));
    const width = this.plane.clientWidth;
    this.editor.style.left = Math.max(4, Math.min(width - 222, node.x - 240 > 0 ? node.x - 240 : node.x + 24)) + "px";
    this.editor.style.top = Math.max(4, Math.min(this.plane.clientHeight - 200, node.y - 40)) + "px";
    this.plane.append(this.editor);
    this.editor.querySelector("input").select();
  }

  closeEditor() { this.editor?.remove(); this.editor = null; }

  outputPanel() {
    const t = (n) => this.t(n), {settings, classes, range} = this.state;
    const stat = (id, label, colour) => { const b = make("b", {id}), s = make("span", {class: "skpg-score", id: id + "-score"}); return [make("div", {}, make("span", {class: "skpg-label"}, make("i", {class: "skpg-key", style: `border-color:var(${colour})`}), label), b, s), b, s]; };
    const [test, testLoss, testScore] = stat("skpg-test-loss", t("testLoss"), "--ink"), [train, trainLoss, trainScore] = stat("skpg-train-loss", t("trainLoss"), "--muted");
    this.stats = [trainLoss, trainScore, testLoss, testScore];
    this.chart = make("canvas", {class: "skpg-chart", role: "img", "aria-label": t("chart")});
    this.map = make("canvas", {width: this.state.mapSize, height: this.state.mapSize, role: "img", "aria-label": t("map")});
    this.overlay = make("canvas", {"aria-hidden": "true"});
    const box = make("div", {class: "skpg-map" + (this.pen === null ? "" : " skpg-drawing"), id: "skpg-map", onclick: (event) => this.addPoint(event)}, this.map, this.overlay);
    const check = (name) => { const input = make("input", {type: "checkbox", id: "skpg-" + name, onchange: () => this.set({[name]: input.checked})}); this.fields.push(() => { input.checked = this.state.settings[name]; }); return make("label", {class: "skpg-check"}, input, t(name)); };
    const many = classes && classes.length > 2;
    const legend = many ? make("div", {class: "skpg-legend"}, ...classes.map((c, i) => make("span", {}, make("i", {style: `background:${CLASS_COLOURS[i]}`}), c)))
      : make("div", {class: "skpg-scale"}, make("span", {}, classes ? classes[0] : short(range[0])), make("i"), make("span", {}, classes ? classes[1] : short(range[1])));
    this.confusion = make("div", {class: "skpg-confusion"});
    const slice = settings.data === "table" && settings.columns.length ? make("span", {class: "skpg-note"}, t("slice")) : null;
    return make("section", {class: "skpg-card skpg-out", "aria-label": t("output")},
      make("div", {class: "skpg-stats"}, test, train), this.chart,
      make("div", {class: "skpg-row"}, make("button", {id: "skpg-keep", onclick: () => this.keep([...this.kept, [...this.curve()]])}, t("keep")), make("button", {id: "skpg-clear", onclick: () => this.keep([])}, t("clear"))),
      make("div", {class: "skpg-own skpg-mapbox"}, box, make("div", {class: "skpg-axes"}, make("span", {}, `→ ${this.axis(0)}`), make("span", {}, `↑ ${this.axis(1)}`)), legend, slice),
      make("div", {}, check("showTest"), check("discretize")),
      classes ? make("details", {id: "skpg-confusion"}, make("summary", {}, t("confusion")), this.confusion) : make("span"));
  }

  axis(i) { return this.state.settings.data === "table" ? this.state.axes[i] : ["X₁", "X₂"][i]; }

  addPoint(event) {
    if (this.pen === null) return;
    const box = this.overlay.getBoundingClientRect(), [left, right, bottom, top] = [-6, 6, -6, 6];
    this.strokes.push([left + (right - left) * (event.clientX - box.left) / box.width, top - (top - bottom) * (event.clientY - box.top) / box.height, this.pen].map((v, i) => i < 2 ? +v.toFixed(3) : v));
    this.drawPoints();
    const n = [0, 1].map((c) => this.strokes.filter((p) => p[2] === c).length);
    if (Math.min(...n) >= 2) this.send("points", {points: this.strokes});
  }

  // Drawing

  readColours() {
    const style = getComputedStyle(this.root), get = (name) => style.getPropertyValue("--" + name).trim();
    this.colours = Object.fromEntries(["pos", "neg", "mid", "ink", "muted", "line", "panel", "accent"].map((n) => [n, get(n)]));
    const [neg, mid, pos] = ["neg", "mid", "pos"].map((n) => rgb(this.colours[n]));
    this.lut = Array.from({length: 256}, (_, v) => v < 128 ? mix(mid, neg, (128 - v) / 128) : mix(mid, pos, (v - 127.5) / 127.5));
    // The map is paler than the points on it.
    this.pale = this.lut.map((colour) => mix(mid, colour, 0.72));
    this.classColours = CLASS_COLOURS.map(rgb); this.middle = mid;
  }

  paint(canvas, size, colour) {
    if (canvas.width !== size) { canvas.width = size; canvas.height = size; }
    const context = canvas.getContext("2d"), image = context.createImageData(size, size);
    for (let i = 0; i < size * size; i++) { const c = colour(i); image.data[4 * i] = c[0]; image.data[4 * i + 1] = c[1]; image.data[4 * i + 2] = c[2]; image.data[4 * i + 3] = 255; }
    context.putImageData(image, 0, 0);
  }

  draw() {
    if (!this.frame || !this.nodes || !this.buffers || !this.colours) return;
    const {unitSize, mapSize, sizes, settings} = this.state, [values, classes, units] = this.buffers;
    const area = unitSize * unitSize;
    if (this.frame.network !== this.state.network) return; // that is no more
    let at = 0;
    this.nodes.slice(0, -1).forEach((layer) => layer.forEach((node) => { const start = at; at += area; this.paint(node.button.firstChild, unitSize, (i) => this.lut[units[start + i]]); }));
    this.layers = this.weights();
    this.layers.forEach(({b}, layer) => this.nodes[layer + 1].forEach((node, i) => { node.button.style.borderColor = b[i] >= 0 ? this.colours.pos : this.colours.neg; }));
    this.drawLinks(this.layers);
    if (this.hovered) {
      const start = area * (sizes.slice(0, this.hovered[0]).reduce((a, b) => a + b, 0) + this.hovered[1]);
      this.paint(this.map, unitSize, (i) => this.lut[units[start + i]]);
    } else if (this.frame.hasClasses) {
      this.paint(this.map, mapSize, (i) => settings.discretize ? mix(this.middle, this.classColours[classes[i]], 0.75) : mix(this.middle, this.classColours[classes[i]], Math.max(0.1, (values[i] / 255 - 0.2) * 0.95)));
    } else this.paint(this.map, mapSize, (i) => this.pale[settings.discretize ? this.discrete(values[i]) : values[i]]);
    const running = this.frame.running;
    if (this.runButton.dataset.running !== String(running)) {
      this.runButton.dataset.running = String(running); this.runButton.innerHTML = icon(running ? "pause" : "run");
      const label = this.t(running ? "pause" : "run"); this.runButton.setAttribute("aria-label", label); this.runButton.title = label;
      if (!running) this.live.textContent = `${this.t("epoch")} ${this.frame.epoch}`;
    }
    this.epoch.textContent = this.frame.epoch.toLocaleString("en").replaceAll(",", "\u2009");
    this.epoch.dataset.epoch = this.frame.epoch;
    this.scrub.max = this.frame.end;
    if (document.activeElement !== this.scrub || running) this.scrub.value = this.frame.epoch;
    const name = this.state.classes ? this.t("accuracy") : "R²";
    // None is a number that is not finite.
    const written = (value, digits) => value === null ? "–" : Math.abs(value) < 1e6 ? value.toFixed(digits) : value.toExponential(2);
    this.frame.losses.forEach((value, i) => { this.stats[i].textContent = i % 2 ? `${name} ${written(value, 3)}` : written(value, value < 10 ? 4 : 1); });
    this.drawConfusion();
    this.drawChart();
  }

  discrete(value) { return this.state.classes ? (value >= 128 ? 235 : 20) : Math.round(value / 51) * 51; }

  drawConfusion() {
    const rows = this.frame.confusion, names = this.state.classes;
    if (!rows || !names || !this.confusion.parentNode.open) return;
    this.confusion.replaceChildren(make("table", {}, make("tr", {}, make("th", {}, this.t("predicted") + " →"), ...names.map((n) => make("th", {}, n))),
      ...rows.map((row, i) => make("tr", {}, make("th", {}, names[i]), ...row.map((v, j) => make("td", {class: i === j ? "skpg-hit" : ""}, v))))));
  }

  curve() { const b = this.buffers[4]; return new Float32Array(b.slice().buffer); }

  keep(curves) {
    this.kept = curves;
    if (this.model.address) try { sessionStorage.setItem("skann-playground-kept", JSON.stringify(curves)); } catch { /* private, or full */ }
    this.drawChart();
  }

  drawChart() {
    if (!this.buffers || !this.chart?.isConnected) return;
    const canvas = this.chart, scale = devicePixelRatio, width = canvas.clientWidth, height = canvas.clientHeight, context = canvas.getContext("2d");
    if (canvas.width !== Math.round(width * scale)) { canvas.width = width * scale; canvas.height = height * scale; }
    context.setTransform(scale, 0, 0, scale, 0, 0); context.clearRect(0, 0, width, height);
    const runs = [...this.kept, this.curve()];
    let last = 1, top = 0;
    for (const run of runs) for (let i = 0; i < run.length; i += 5) { last = Math.max(last, run[i]); for (const v of [run[i + 1], run[i + 3]]) if (Number.isFinite(v)) top = Math.max(top, v); }
    top = top || 1;
    const x = (v) => 42 + (width - 48) * v / last, y = (v) => 6 + (height - 24) * (1 - v / top);
    context.font = "11px system-ui, sans-serif"; context.fillStyle = this.colours.muted; context.strokeStyle = this.colours.line; context.lineWidth = 1;
    for (const v of [0, top / 2, top]) { context.beginPath(); context.moveTo(42, y(v)); context.lineTo(width - 6, y(v)); context.stroke(); context.textAlign = "right"; context.fillText(short(+v.toPrecision(2)), 36, y(v) + 4); }
    context.textAlign = "left"; context.fillText("0", 42, height - 4); context.textAlign = "right"; context.fillText(short(last), width - 6, height - 4);
    const line = (run, column, colour, line_width, dash) => {
      context.strokeStyle = colour; context.lineWidth = line_width; context.setLineDash(dash); context.beginPath();
      for (let i = 0; i < run.length; i += 5) { const point = [x(run[i]), y(Math.min(run[i + column], top))]; if (i) context.lineTo(...point); else context.moveTo(...point); }
      context.stroke();
    };
    const shades = [this.colours.pos, this.colours.neg, "#009e73", "#cc79a7"];
    this.kept.forEach((run, i) => line(run, 3, shades[i % 4], 1.5, [5, 3]));
    line(runs.at(-1), 1, this.colours.muted, 1.8, []); line(runs.at(-1), 3, this.colours.ink, 1.8, []);
    context.setLineDash([]);
  }

  drawPoints() {
    const canvas = this.overlay;
    if (!canvas || !this.colours) return;
    const size = 640, context = canvas.getContext("2d"), {classes, settings} = this.state;
    canvas.width = size; canvas.height = size;
    const many = classes && classes.length > 2;
    const colour = (v) => many ? CLASS_COLOURS[v] : `rgb(${this.lut[classes ? (v ? 255 : 0) : Math.max(0, Math.min(255, Math.round(255 * v)))]})`;
    const dot = (px, py, value, test) => {
      context.beginPath(); context.arc(size * px, size * py, 6.5, 0, 7);
      context.fillStyle = colour(value); context.fill(); context.lineWidth = test ? 2.5 : 1.6; context.strokeStyle = test ? this.colours.ink : "#ffffffd0"; context.stroke();
    };
    const p = this.points, drawn = () => { for (const [a, b, c] of this.strokes) dot((a + 6) / 12, (6 - b) / 12, c, false); };
    if (this.pen !== null && this.strokes && settings.data !== "drawn") { drawn(); return; }
    for (const test of [true, false]) for (let i = 0; i < p.length; i += 4) if ((p[i + 3] === 0) === test && (!test || settings.showTest)) dot(p[i], p[i + 1], p[i + 2], test);
    if (this.pen !== null && this.strokes) drawn();
  }

  thumbnails() {
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647, normal = () => random() + random() + random() - 1.5;
    const shapes = {
      circle: (i) => { const r = i % 2 ? 0.35 * random() : 0.6 + 0.25 * random(), a = 6.283 * random(); return [r * Math.cos(a), r * Math.sin(a), i % 2]; },
      xor: () => { const a = 1.7 * random() - 0.85, b = 1.7 * random() - 0.85; return [a, b, a * b > 0 ? 1 : 0]; },
      gauss: (i) => { const s = i % 2 ? 1 : -1; return [0.38 * s + 0.3 * normal(), 0.38 * s + 0.3 * normal(), i % 2]; },
      spiral: (i) => { const s = (i >> 1) / 42, a = 8 * s + (i % 2 ? 0 : 3.14); return [0.9 * s * Math.sin(a), 0.9 * s * Math.cos(a), i % 2]; },
      corners: (i) => { const a = i & 1 ? 0.5 : -0.5, b = i & 2 ? 0.5 : -0.5; return [a + 0.16 * normal(), b + 0.16 * normal(), a * b > 0 ? 1 : 0]; },
      plane: () => { const a = 1.8 * random() - 0.9, b = 1.8 * random() - 0.9; return [a, b, 0.5 + (a + b) / 3.4]; },
      "multi-gauss": () => { const a = 1.8 * random() - 0.9, b = 1.8 * random() - 0.9; return [a, b, 0.5 + 0.5 * Math.sin(4.7 * (a - 0.33)) * Math.sin(3.2 * b)]; },
    };
    for (const button of this.sets) {
      const context = button.firstChild.getContext("2d");
      button.firstChild.width = 96; button.firstChild.height = 96;
      context.fillStyle = this.colours.mid; context.fillRect(0, 0, 96, 96);
      for (let i = 0; i < 84; i++) { const [a, b, v] = shapes[button.dataset.set](i); context.fillStyle = `rgb(${this.lut[Math.max(0, Math.min(255, Math.round(255 * v)))]})`; context.beginPath(); context.arc(48 + 48 * a, 48 - 48 * b, 4, 0, 7); context.fill(); }
    }
  }

  refreshFields() { for (const refresh of this.fields ?? []) refresh(); this.sets?.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.set === this.state.settings.data))); if (this.frame) this.draw(); }

  error(text) {
    this.lastError = text;
    if (!this.banner) return;
    this.banner.hidden = !text;
    this.banner.replaceChildren(make("p", {}, text), make("button", {"aria-label": this.t("close"), onclick: () => this.error("")}, "✕"));
  }

  // In and out

  async readFile(file) {
    if (!file) return;
    if (file.size > this.state.options.maxBytes) { this.error(`${this.t("tooLarge")} ${this.state.options.maxBytes / 1e6} MB.`); return; }
    this.error("");
    this.send("table", {text: await file.text(), name: file.name});
  }

  dialog(title, text, buttons) {
    const area = make("textarea", {"aria-label": title, spellcheck: "false"});
    area.value = text;
    const dialog = make("dialog", {onclose: () => dialog.remove()}, make("h2", {}, title), area, make("div", {class: "skpg-row"}, ...buttons(area, () => dialog.close()), make("button", {onclick: () => dialog.close()}, this.t("close"))));
    this.root.append(dialog);
    dialog.showModal();
    area.focus(); area.setSelectionRange(0, 0);
  }

  pasteDialog() { this.dialog(this.t("pasteHere"), "", (area, close) => [make("button", {id: "skpg-use", onclick: () => { this.send("table", {text: area.value, name: "clipboard.csv"}); close(); }}, this.t("use"))]); }

  exportAs(what) {
    if (what === "svg") this.save("network.svg", new Blob([this.picture()], {type: "image/svg+xml"}));
    else if (what === "png") this.savePNG();
    else if (what === "link") {
      const link = location.origin + location.pathname + location.search + this.hash();
      this.copy(link, () => this.dialog(this.t("link"), link, () => []));
    }
    else this.send("export", {what});
  }

  // Not every page may: one that is not on this machine has no clipboard
  async copy(text, otherwise) {
    try { await navigator.clipboard.writeText(text); this.live.textContent = this.t("copied"); } catch { otherwise(); }
  }

  exported(message, buffers) {
    if (message.text === undefined) { this.save(message.name, new Blob(buffers, {type: message.mime})); return; }
    const blob = () => new Blob([message.text], {type: message.mime});
    this.dialog(this.t("code"), message.text, (area) => [make("button", {id: "skpg-copy", onclick: () => this.copy(area.value, () => area.select())}, this.t("copy")), make("button", {onclick: () => this.save(message.name, blob())}, this.t("save"))]);
  }

  save(name, blob) {
    const link = make("a", {href: URL.createObjectURL(blob), download: name});
    this.root.append(link); link.click(); link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  picture() {
    const width = this.plane.clientWidth, height = this.plane.clientHeight, side = height - 80, parts = [];
    this.layers.forEach(({w, n_in, n_out}, layer) => {
      const largest = Math.max(1, w.reduce((m, v) => Math.max(m, Math.abs(v)), 0));
      for (let i = 0; i < n_in; i++) for (let j = 0; j < n_out; j++) {
        const value = w[i * n_out + j], p = this.path(this.nodes[layer][i], this.nodes[layer + 1][j]).map((v) => v.toFixed(1)), size = Math.abs(value) / largest;
        parts.push(`<path d="M${p[0]} ${p[1]}C${p.slice(2).join(" ")}" fill="none" stroke="${value >= 0 ? this.colours.pos : this.colours.neg}" stroke-width="${(0.6 + 5 * Math.sqrt(size)).toFixed(2)}" opacity="${(0.35 + 0.6 * size).toFixed(2)}"/>`);
      }
    });
    const image = (canvas, x, y, size) => `<image href="${canvas.toDataURL()}" x="${x}" y="${y}" width="${size}" height="${size}" preserveAspectRatio="none"/>`;
    this.nodes.slice(0, -1).forEach((layer) => layer.forEach((n) => parts.push(image(n.button.firstChild, n.x - n.size / 2, n.y - n.size / 2, n.size))));
    for (const n of this.nodes.at(-1)) parts.push(`<circle cx="${n.x}" cy="${n.y}" r="${n.size / 2}" fill="${this.colours.mid}" stroke="${this.colours.ink}" stroke-width="2"/>`);
    parts.push(image(this.map, width + 20, 64, side), image(this.overlay, width + 20, 64, side));
    const text = `${this.t("epoch")} ${this.frame.epoch} · ${this.t("testLoss")} ${this.stats[2].textContent}`;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + side + 40} ${height}" width="${width + side + 40}" height="${height}"><rect width="100%" height="100%" fill="${this.colours.panel}"/>${parts.join("")}<text x="${width + 20}" y="44" font-family="sans-serif" font-size="16" fill="${this.colours.ink}">${text}</text></svg>`;
  }

  savePNG() {
    const image = new Image();
    image.onload = () => {
      const canvas = make("canvas", {width: 2 * image.width, height: 2 * image.height});
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => this.save("network.png", blob));
    };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(this.picture());
  }
}

function render({model, el}) {
  const playground = new Playground(model, el);
  model.send({kind: "hello"});
  return () => { model.off?.("msg:custom"); playground.observer.disconnect(); };
}

export default {render};
