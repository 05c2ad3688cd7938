// A part of the photo on screen, chosen by dragging its corners or with four sliders.

const LEAST = 10; // per cent of the photo that stay, either way
const PATIENCE_MS = 350;
const MOST_PIXELS = 2048; // longer side of what is cut out
const WHOLE = { left: 0, top: 0, right: 100, bottom: 100 };
const ACROSS = { left: "right", right: "left", top: "bottom", bottom: "top" };

export class Crop {
  #frame;
  #controls;
  #opener;
  #onChange;
  #box = { ...WHOLE };
  #edge = null;
  #shade = null;
  #timer = 0;

  /** `onChange` is called when the part has changed and rests. */
  constructor({ frame, controls, opener, onChange }) {
    this.#frame = frame;
    this.#controls = controls;
    this.#opener = opener;
    this.#onChange = onChange;
    opener.addEventListener("click", () => this.#toggle(controls.hidden));
    controls.addEventListener("input", ({ target }) => {
      this.#set(target.dataset.side, Number(target.value));
      this.#soon();
    });
    controls.querySelector("[data-crop=whole]").addEventListener("click", () => {
      this.#box = { ...WHOLE };
      this.#draw();
      this.#soon();
    });
  }

  get isWhole() {
    return Object.keys(WHOLE).every((side) => this.#box[side] === WHOLE[side]);
  }

  /** Forget the part; the next photo is whole. */
  forget() {
    clearTimeout(this.#timer);
    this.#box = { ...WHOLE };
    this.#toggle(false);
  }

  /** Place an overlay over the part that was looked at. */
  place(overlay) {
    const { left, top, right, bottom } = this.#box;
    overlay.style.inset = `${top}% ${100 - right}% ${100 - bottom}% ${left}%`;
  }

  /** Cut the part out of the picture on screen, as a file named like `file`. */
  async cut(picture, file) {
    if (this.isWhole) return file;
    const { left, top, right, bottom } = this.#box;
    const { naturalWidth, naturalHeight } = picture;
    const width = ((right - left) / 100) * naturalWidth;
    const height = ((bottom - top) / 100) * naturalHeight;
    const scale = Math.min(1, MOST_PIXELS / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(
      picture,
      (left / 100) * naturalWidth,
      (top / 100) * naturalHeight,
      width,
      height,
      0,
      0,
      canvas.width,
      canvas.height,
    );
    const blob = await new Promise((resolve) => {
      canvas.toBlob(resolve, "image/jpeg", 0.95);
    });
    return new File([blob], file.name, { type: "image/jpeg" });
  }

  #toggle(isOpen) {
    this.#controls.hidden = !isOpen;
    this.#opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.#draw();
    else if (this.isWhole) {
      this.#edge?.remove();
      this.#shade?.remove();
    }
  }

  #set(side, value) {
    const isLow = side === "left" || side === "top";
    const other = this.#box[ACROSS[side]];
    const [least, most] = isLow ? [0, other - LEAST] : [other + LEAST, 100];
    this.#box[side] = Math.min(most, Math.max(least, value));
    this.#draw();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, PATIENCE_MS);
  }

  #draw() {
    if (!this.#edge?.isConnected) this.#makeEdge();
    const { left, top, right, bottom } = this.#box;
    this.#edge.style.inset = `${top}% ${100 - right}% ${100 - bottom}% ${left}%`;
    const [l, t, r, b] = [left, top, right, bottom].map((side) => `${side}%`);
    const hole = `${l} ${t}, ${r} ${t}, ${r} ${b}, ${l} ${b}, ${l} ${t}`;
    const all = "0 0, 100% 0, 100% 100%, 0 100%, 0 0";
    this.#shade.style.clipPath = `polygon(evenodd, ${all}, ${hole})`;
    for (const slider of this.#controls.querySelectorAll("[data-side]")) {
      slider.value = this.#box[slider.dataset.side];
    }
  }

  #makeEdge() {
    this.#edge = document.createElement("div");
    this.#edge.className = "crop-edge";
    // The sliders do the same for who does not point.
    this.#edge.setAttribute("aria-hidden", "true");
    this.#edge.addEventListener("pointerdown", (event) => this.#drag(event, []));
    for (const sides of ["top left", "top right", "bottom left", "bottom right"]) {
      const corner = document.createElement("span");
      corner.className = `crop-corner ${sides}`;
      corner.addEventListener("pointerdown", (event) => {
        event.stopPropagation();
        this.#drag(event, sides.split(" "));
      });
      this.#edge.append(corner);
    }
    this.#shade = document.createElement("div");
    this.#shade.className = "crop-shade";
    this.#frame.append(this.#shade, this.#edge);
  }

  #drag(event, sides) {
    if (this.#controls.hidden) return;
    event.preventDefault();
    const from = { ...this.#box };
    const room = this.#frame.getBoundingClientRect();
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const move = ({ clientX, clientY }) => {
      const across = ((clientX - event.clientX) / room.width) * 100;
      const down = ((clientY - event.clientY) / room.height) * 100;
      if (sides.length) {
        for (const side of sides) {
          const by = side === "left" || side === "right" ? across : down;
          this.#set(side, from[side] + by);
        }
        return;
      }
      const x = Math.min(100 - from.right, Math.max(-from.left, across));
      const y = Math.min(100 - from.bottom, Math.max(-from.top, down));
      this.#box = {
        left: from.left + x,
        right: from.right + x,
        top: from.top + y,
        bottom: from.bottom + y,
      };
      this.#draw();
    };
    const end = () => {
      target.removeEventListener("pointermove", move);
      this.#soon();
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", end, { once: true });
    target.addEventListener("pointercancel", end, { once: true });
  }
}
