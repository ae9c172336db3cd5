"use strict";
(() => {
  const get = (id) => document.getElementById(id);
  const data = JSON.parse(get("film-data").textContent);
  const film = get("film"), lanes = get("lanes");
  const { times, length, spacing } = data;
  const state = { time: 0, skew: 0, wanted: null, broken: false, drag: false, index: -1, frame: 0 };
  const HUES = 6;

  const make = (tag, className = "", text = "") => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  };
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)} %`;
  const decimal = (value) => value.toFixed(2);
  const decibels = (value) => (value === null ? "none" : value <= -100 ? "silence" : `${value.toFixed(0)} dBFS`.replace("-", "−"));
  const clock = (seconds, digits = 1) => {
    const unit = 10 ** digits, ticks = Math.max(0, Math.round(seconds * unit));
    const whole = Math.floor(ticks / unit), hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60, rest = String(whole % 60).padStart(2, "0");
    const part = digits ? `.${String(ticks % unit).padStart(digits, "0")}` : "";
    return `${hours ? `${hours}:${String(minutes).padStart(2, "0")}` : minutes}:${rest}${part}`;
  };
  const spoken = (seconds) => {
    const minutes = Math.floor(seconds / 60), rest = (seconds - 60 * minutes).toFixed(1);
    return minutes ? `${minutes} minutes ${rest} seconds` : `${rest} seconds`;
  };
  const nearest = (time) => {
    let low = 0, high = times.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((times[middle] + times[middle + 1]) / 2 < time) low = middle + 1; else high = middle;
    }
    return times.length ? low : -1;
  };
  const hue = (name) => {
    let sum = 0;
    for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
    return `var(--hue-${sum % HUES})`;
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // ---- what is drawn ----

  const loudnessHeight = (level) => clamp((level + 70) / 70, 0, 1);
  const measures = [
    { key: "loudness", name: "Loudness", unit: "dBFS", tint: "--sound", height: 46, say: decibels, size: loudnessHeight, source: data.sound && {
      times: data.sound.loudness.map((_, n) => data.sound.start + (n + 0.5) * data.sound.step), values: data.sound.loudness } },
    { key: "sounding", name: "Sounding", unit: "gate, 0 to 1", tint: "--mark-fill", height: 34, say: decimal, size: (v) => v },
    { key: "area", name: "Marked area", unit: "", tint: "--mark-fill", height: 54, say: percent, size: (v) => v / data.area_top },
    { key: "score", name: "Confidence", unit: "0 to 1", tint: "--sure", height: 34, say: decimal, size: (v) => v },
    { key: "doubt", name: "Uncertainty", unit: "of samples", tint: "--doubt", height: 34, say: decimal, size: (v) => clamp(v / data.doubt_top, 0, 1) },
  ];
  const shown = measures.filter((m) => (m.key === "loudness" ? data.sound : data[m.key]));
  const painters = [];

  const addLane = (name, unit, height) => {
    const lane = make("div", "lane"), label = make("div", "lane-name"), plot = make("div", "plot");
    label.append(make("b", "", name), unit);
    plot.style.height = `${height}px`;
    lane.append(label, plot);
    lanes.append(lane);
    return plot;
  };
  const addCanvas = (plot, paint) => {
    const canvas = make("canvas");
    canvas.setAttribute("aria-hidden", "true");
    plot.append(canvas);
    painters.push(() => {
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.max(1, Math.round(plot.clientWidth * ratio));
      canvas.height = Math.max(1, Math.round(plot.clientHeight * ratio));
      paint(canvas.getContext("2d"), canvas.width, canvas.height, ratio);
    });
  };

  /* One height for each column of pixels: the highest value in it, or the line between two. */
  const heights = (at, values, size, width) => {
    const result = new Float32Array(width);
    let next = 0;
    for (let x = 0; x < width; x++) {
      const from = (x / width) * length, to = ((x + 1) / width) * length;
      let top = -1;
      while (next < at.length && at[next] < to) {
        if (at[next] >= from) top = Math.max(top, size(values[next] ?? 0));
        next++;
      }
      if (top < 0) {
        const a = Math.max(0, next - 1), b = Math.min(at.length - 1, next), gap = at[b] - at[a];
        const share = gap > 0 ? clamp(((from + to) / 2 - at[a]) / gap, 0, 1) : 0;
        top = size(values[a] ?? 0) * (1 - share) + size(values[b] ?? 0) * share;
      }
      result[x] = top;
    }
    return result;
  };
  const paintCurve = (measure) => (pen, width, height, ratio) => {
    const { times: at, values } = measure.source ?? { times, values: data[measure.key] };
    if (!at.length) return;
    const curve = heights(at, values, measure.size, width), room = height - 5 * ratio;
    const tint = colour(measure.tint);
    const line = new Path2D();
    curve.forEach((value, x) => line.lineTo(x + 0.5, height - 1.5 * ratio - value * room));
    const area = new Path2D(line);
    area.lineTo(width, height);
    area.lineTo(0, height);
    pen.fillStyle = tint;
    pen.globalAlpha = 0.24;
    pen.fill(area);
    pen.globalAlpha = 1;
    pen.strokeStyle = tint;
    pen.lineWidth = 1.75 * ratio;
    pen.lineJoin = "round";
    pen.stroke(line);
  };

  const channels = (text) => {
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    return pen.getImageData(0, 0, 1, 1).data;
  };
  const paintSpectrogram = (sound) => {
    const levels = Uint8Array.from(atob(sound.levels), (c) => c.charCodeAt(0));
    const columns = sound.loudness.length, bands = sound.bands;
    return (pen, width, height) => {
      const stops = [0, 1, 2, 3, 4].map((n) => channels(colour(`--heat-${n}`)));
      const picture = new ImageData(columns, bands);
      for (let x = 0; x < columns; x++) {
        for (let band = 0; band < bands; band++) {
          const place = (levels[x * bands + band] / 255) * 4, low = Math.min(3, Math.floor(place));
          const to = 4 * ((bands - 1 - band) * columns + x);
          for (let c = 0; c < 3; c++) {
            picture.data[to + c] = stops[low][c] + (stops[low + 1][c] - stops[low][c]) * (place - low);
          }
          picture.data[to + 3] = 255;
        }
      }
      const small = document.createElement("canvas");
      [small.width, small.height] = [columns, bands];
      small.getContext("2d").putImageData(picture, 0, 0);
      pen.fillStyle = colour("--heat-0");
      pen.fillRect(0, 0, width, height);
      pen.imageSmoothingQuality = "high";
      const left = (sound.start / length) * width, span = ((columns * sound.step) / length) * width;
      pen.drawImage(small, left, 0, span, height);
    };
  };

  const addAxis = () => {
    const plot = addLane("", "", 22);
    plot.parentElement.classList.add("axis");
    painters.push(() => {
      plot.replaceChildren();
      const most = Math.max(2, plot.clientWidth / 90);
      const steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
      const step = steps.find((s) => length / s <= most) ?? 14400;
      for (let time = 0; time <= length - step * 0.35; time += step) {
        const tick = make("span", time ? "tick" : "tick first", clock(time, step < 1 ? 1 : 0));
        tick.style.left = `${(100 * time) / length}%`;
        plot.append(tick);
      }
      const last = make("span", "tick last", clock(length));
      last.style.left = "100%";
      plot.append(last);
    });
  };
  const runs = () => {
    const found = [];
    data.heard.forEach((names, n) => {
      const name = names.length ? names[0][0] : "", last = found[found.length - 1];
      if (last && last.name === name) last.end = times[n] + spacing / 2;
      else found.push({ name, start: last ? last.end : Math.max(0, times[n] - spacing / 2), end: times[n] + spacing / 2 });
    });
    return found.filter((run) => run.name);
  };
  const addNames = () => {
    const plot = addLane("Heard", "surest sound", 28);
    for (const run of runs()) {
      const box = make("span", "named", run.name);
      box.title = `${run.name}, ${clock(run.start)} to ${clock(run.end)}`;
      box.style.left = `${(100 * run.start) / length}%`;
      box.style.width = `calc(${(100 * (Math.min(length, run.end) - run.start)) / length}% - 1px)`;
      box.style.background = hue(run.name);
      plot.append(box);
    }
    painters.push(() => plot.querySelectorAll(".named").forEach((box) => box.classList.toggle("slim", box.clientWidth < 26)));
  };

  const head = make("div", "head"), ghost = make("div", "ghost"), ghostTime = make("span");
  const build = () => {
    addAxis();
    if (data.sound) {
      addCanvas(addLane("Spectrogram", "50 Hz to 8 kHz", 84), paintSpectrogram(data.sound));
    } else {
      const plot = addLane("Sound", "", 46);
      plot.classList.add("none");
      plot.textContent = "This video has no sound track, so there is nothing to hear.";
    }
    for (const measure of shown) {
      const unit = measure.key !== "area" ? measure.unit
        : data.area.some((area) => area > 0) ? `up to ${percent(data.area_top)}` : "nothing marked";
      addCanvas(addLane(measure.name, unit, measure.height), paintCurve(measure));
    }
    if (data.heard) addNames();
    ghost.append(ghostTime);
    lanes.append(ghost, head);
    lanes.setAttribute("aria-valuemax", length.toFixed(2));
  };

  // ---- where we are ----

  const meters = new Map();
  const buildMeters = () => {
    for (const measure of shown) {
      const row = make("div"), value = make("dd"), bar = make("div", "bar"), fill = make("i");
      fill.style.background = `var(${measure.tint})`;
      bar.append(fill);
      row.append(make("dt", "", measure.name), value, bar);
      get("now").append(row);
      meters.set(measure.key, { value, fill });
    }
  };
  const valueNow = (measure, index) => {
    if (measure.key !== "loudness") return data[measure.key][index];
    const place = Math.floor((state.time - data.sound.start) / data.sound.step);
    return data.sound.loudness[place] ?? -100;
  };
  const edges = () => {
    const plot = lanes.querySelector(".plot");
    return { left: plot.offsetLeft, width: plot.clientWidth };
  };
  const put = (line, time) => {
    const { left, width } = edges();
    line.style.transform = `translateX(${left + (time / length) * width}px)`;
  };
  const isMarked = (index) => index >= 0 && data.area[index] > 0;

  const show = (time) => {
    state.time = clamp(time, 0, length);
    const index = nearest(state.time);
    put(head, state.time);
    get("clock").textContent = clock(state.time);
    for (const measure of shown) {
      const value = measure.key === "loudness" || index >= 0 ? valueNow(measure, index) : null;
      const meter = meters.get(measure.key);
      meter.value.textContent = value === null ? "–" : measure.say(value);
      meter.fill.style.transform = `scaleX(${value === null ? 0 : clamp(measure.size(value), 0, 1)})`;
    }
    lanes.setAttribute("aria-valuenow", state.time.toFixed(2));
    if (index !== state.index) showMoment(index);
    lanes.setAttribute("aria-valuetext", told(index));
  };
  const told = (index) => {
    if (index < 0) return spoken(state.time);
    const names = data.heard ? data.heard[index].map(([name]) => name).join(", ") : "";
    const marked = isMarked(index) ? `${percent(data.area[index])} of the picture marked` : "nothing marked";
    return [spoken(state.time), marked, names].filter(Boolean).join(", ");
  };
  const showMoment = (index) => {
    const rows = get("numbers").querySelectorAll("tbody tr");
    rows[state.index]?.classList.remove("here");
    rows[index]?.classList.add("here");
    state.index = index;
    get("state").textContent = isMarked(index) ? "Sounding" : data.sound ? "Nothing sounds" : "No sound";
    get("state").classList.toggle("on", isMarked(index));
    if (!data.heard) return;
    get("heard").replaceChildren(...(data.heard[index] ?? []).map(([name, score]) => {
      const chip = make("span", "chip", `${name} ${decimal(score)}`);
      chip.style.background = hue(name);
      return chip;
    }));
  };
  const showKeyFrame = () => {
    const buttons = [...document.querySelectorAll(".frames button")];
    const gaps = buttons.map((button) => Math.abs(button.dataset.time - state.time));
    const best = gaps.indexOf(Math.min(...gaps));
    buttons.forEach((button, n) => button.parentElement.classList.toggle("here", n === best && gaps[n] <= spacing));
  };

  // ---- moving about ----

  const playing = () => !film.paused && !film.ended;
  const follow = () => {
    if (state.wanted === null && !film.seeking) show(film.currentTime + state.skew);
    state.frame = playing() ? requestAnimationFrame(follow) : 0;
  };
  const seek = (time) => {
    show(clamp(time, 0, length));
    showKeyFrame();
    if (state.broken) return;
    state.wanted = state.time;
    if (!film.seeking) goOn();
  };
  /* One seek at a time: a drag asks for many, and only the newest counts. */
  const goOn = () => {
    if (state.wanted === null || !film.readyState) return;
    const target = Math.max(0, state.wanted - state.skew);
    state.wanted = null;
    film.currentTime = Number.isFinite(film.duration) ? Math.min(target, film.duration) : target;
  };
  const toggle = () => {
    if (state.broken) return;
    if (playing()) film.pause(); else film.play().catch(() => {});
  };
  const step = (count) => seek(state.time + count);
  const byMoment = (direction) => {
    const index = nearest(state.time);
    if (index < 0) return;
    const there = Math.abs(times[index] - state.time) < 0.002;
    const beyond = direction > 0 ? times[index] > state.time : times[index] < state.time;
    seek(times[clamp(there || !beyond ? index + direction : index, 0, times.length - 1)]);
  };
  const starts = data.stretches.map(([start]) => start);
  const toStretch = (direction) => {
    const found = direction > 0
      ? starts.find((start) => start > state.time + 0.01)
      : starts.filter((start) => start < state.time - 0.3).pop();
    if (found !== undefined) seek(found);
    else if (direction < 0) seek(0);
  };
  const setMuted = () => {
    get("mute").classList.toggle("muted", film.muted);
    get("mute").setAttribute("aria-pressed", String(film.muted));
  };
  const fullScreen = () => (document.fullscreenElement ? document.exitFullscreen() : film.requestFullscreen?.());

  const keys = {
    " ": toggle, k: toggle, K: toggle,
    ArrowLeft: (event) => step(event.shiftKey ? -5 : -Math.min(1, length / 20)),
    ArrowRight: (event) => step(event.shiftKey ? 5 : Math.min(1, length / 20)),
    Home: () => seek(0), End: () => seek(length),
    PageUp: () => step(length / 10), PageDown: () => step(-length / 10),
    ",": () => byMoment(-1), ".": () => byMoment(1), "[": () => toStretch(-1), "]": () => toStretch(1),
    m: () => get("mute").click(), M: () => get("mute").click(), f: fullScreen, F: fullScreen,
  };
  const sliderKeys = { ArrowUp: keys.ArrowRight, ArrowDown: keys.ArrowLeft };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const own = event.target.closest("button, select, input, textarea, summary, a");
    const inSlider = event.target === lanes, inTable = event.target.closest(".scroll");
    if (own && (event.key === " " || own.tagName === "SELECT")) return;
    if (inTable && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    if (!inSlider && event.key.startsWith("Page")) return;
    const act = (inSlider && sliderKeys[event.key]) || keys[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  };

  const timeAt = (event) => {
    const { left, width } = edges();
    return clamp((event.clientX - lanes.getBoundingClientRect().left - left) / width, 0, 1) * length;
  };
  const listen = () => {
    document.addEventListener("keydown", onKey);
    lanes.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      state.drag = true;
      lanes.setPointerCapture(event.pointerId);
      seek(timeAt(event));
    });
    lanes.addEventListener("pointermove", (event) => {
      const time = timeAt(event);
      if (state.drag) seek(time);
      put(ghost, time);
      ghostTime.textContent = clock(time);
      ghost.classList.add("on");
      ghost.classList.toggle("flip", time > length * 0.9);
    });
    for (const name of ["pointerup", "pointercancel"]) lanes.addEventListener(name, () => (state.drag = false));
    film.addEventListener("click", toggle);
    film.addEventListener("seeked", () => { goOn(); if (state.wanted === null) showKeyFrame(); });
    for (const name of ["play", "pause", "ended"]) film.addEventListener(name, () => {
      get("play").classList.toggle("playing", playing());
      get("play").setAttribute("aria-label", playing() ? "Pause" : "Play");
      if (!state.frame) follow();
    });
    film.addEventListener("timeupdate", () => { if (!state.drag) showKeyFrame(); });
    film.addEventListener("volumechange", setMuted);
    film.addEventListener("loadedmetadata", ready);
    const last = film.querySelector("source:last-of-type");
    last?.addEventListener("error", breakDown);
    film.addEventListener("error", breakDown);
    window.addEventListener("load", () => setTimeout(check, 1000));
    get("play").addEventListener("click", toggle);
    get("before").addEventListener("click", () => toStretch(-1));
    get("after").addEventListener("click", () => toStretch(1));
    get("mute").addEventListener("click", () => (film.muted = !film.muted));
    get("full").addEventListener("click", fullScreen);
    get("speed").addEventListener("change", (event) => (film.playbackRate = Number(event.target.value)));
    document.querySelectorAll(".frames button").forEach((button) =>
      button.addEventListener("click", () => seek(Number(button.dataset.time))));
    get("numbers").addEventListener("toggle", fillTable, { once: true });
  };
  /* Players differ in whether a film that begins late is shown from its first picture on. */
  const ready = () => {
    const whole = Math.abs(film.duration - length), shortened = Math.abs(film.duration - (length - data.first));
    state.skew = shortened + 0.02 < whole ? data.first : 0;
    setBroken(false);
    if (state.time > state.skew) { state.wanted = state.time; goOn(); }
  };
  const setBroken = (broken) => {
    state.broken = broken;
    get("trouble").hidden = !broken;
    for (const id of ["play", "full", "speed"]) get(id).disabled = broken;
  };
  const breakDown = () => setBroken(true);
  /* A source may have failed before this script came to listen. */
  const check = () => {
    if (film.networkState === HTMLMediaElement.NETWORK_NO_SOURCE && !film.readyState) breakDown();
  };

  const fillTable = () => {
    const columns = [...shown.filter((m) => m.key !== "loudness")], table = get("numbers");
    const names = ["Time", ...columns.map((m) => m.name), ...(data.loudness ? ["Loudness"] : []), ...(data.heard ? ["Heard"] : [])];
    const row = make("tr");
    for (const name of names) {
      const cell = make("th", name === "Heard" ? "text" : "", name);
      cell.scope = "col";
      row.append(cell);
    }
    table.querySelector("thead").append(row);
    const body = table.querySelector("tbody"), all = document.createDocumentFragment();
    times.forEach((time, n) => {
      const line = make("tr"), first = make("td"), button = make("button", "", clock(time, 3));
      button.type = "button";
      button.addEventListener("click", () => seek(time));
      first.append(button);
      line.append(first, ...columns.map((m) => make("td", "", data[m.key][n] === null ? "–" : m.say(data[m.key][n]))));
      if (data.loudness) line.append(make("td", "", decibels(data.loudness[n])));
      if (data.heard) line.append(make("td", "text", data.heard[n].map(([name, score]) => `${name} ${decimal(score)}`).join(", ") || "–"));
      all.append(line);
    });
    body.append(all);
    body.querySelectorAll("tr")[state.index]?.classList.add("here");
  };

  const redraw = () => { painters.forEach((paint) => paint()); show(state.time); };
  build();
  buildMeters();
  listen();
  if (film.readyState) ready();
  redraw();
  new ResizeObserver(redraw).observe(lanes);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  /* report.html#t=8.9 leads to a moment, so that people can send each other one. */
  const toNamed = () => {
    const named = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    if (named) seek(Number(named[1]));
  };
  window.addEventListener("hashchange", toNamed);
  toNamed();
})();
