// A photo that can be looked into: wheel, pinch, drag, double tap, buttons and keys.

const MOST = 12;
const STEP = 1.4;
const NUDGE = 80;

/** Let the photo on a stage be zoomed and moved; return what keys do with it.
 *
 * Zoom 1 shows the whole photo. Beyond what the rendition holds, the photo as given is
 * fetched once.
 */
export function look(stage) {
  const image = stage.querySelector("img");
  const tools = stage.querySelector(".stage-tools");
  const fingers = new Map();
  let zoom = 1;
  let x = 0;
  let y = 0;
  let spread = 0;

  function draw() {
    const width = (image.clientWidth * (zoom - 1)) / 2;
    const height = (image.clientHeight * (zoom - 1)) / 2;
    x = Math.min(width, Math.max(-width, x));
    y = Math.min(height, Math.max(-height, y));
    image.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    stage.classList.toggle("is-zoomed", zoom > 1);
    stage.dataset.zoom = zoom.toFixed(2);
    if (image.clientWidth * zoom * devicePixelRatio > 1.5 * image.naturalWidth) sharpen();
  }

  function sharpen() {
    const address = image.dataset.original;
    if (!address) return;
    delete image.dataset.original;
    const whole = new Image();
    // A browser that cannot show the file as given keeps the rendition.
    whole.onload = () => {
      image.src = address;
    };
    whole.src = address;
  }

  /** Zoom about a point of the screen, which stays where it is. */
  function zoomTo(wanted, point) {
    const next = Math.min(MOST, Math.max(1, wanted));
    const box = stage.getBoundingClientRect();
    const at = point ?? { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const fromX = at.x - (box.x + box.width / 2);
    const fromY = at.y - (box.y + box.height / 2);
    x = fromX - ((fromX - x) * next) / zoom;
    y = fromY - ((fromY - y) * next) / zoom;
    zoom = next;
    draw();
  }

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoomTo(zoom * Math.exp(-event.deltaY / 400), { x: event.clientX, y: event.clientY });
    },
    { passive: false },
  );
  stage.addEventListener("dblclick", (event) => {
    if (event.target !== image) return;
    zoomTo(zoom > 1 ? 1 : 3, { x: event.clientX, y: event.clientY });
  });
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button")) return;
    fingers.set(event.pointerId, event);
    spread = 0;
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    fingers.set(event.pointerId, event);
    if (fingers.size === 1 && zoom > 1) {
      x += event.clientX - before.clientX;
      y += event.clientY - before.clientY;
      draw();
    } else if (fingers.size === 2) {
      const [one, two] = [...fingers.values()];
      const now = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
      const middle = {
        x: (one.clientX + two.clientX) / 2,
        y: (one.clientY + two.clientY) / 2,
      };
      if (spread) zoomTo((zoom * now) / spread, middle);
      spread = now;
    }
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    stage.addEventListener(kind, (event) => {
      fingers.delete(event.pointerId);
      spread = 0;
    });
  }
  tools.hidden = false;
  tools.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (wanted === "in") zoomTo(zoom * STEP);
    if (wanted === "out") zoomTo(zoom / STEP);
    if (wanted === "fit") zoomTo(1);
  });
  window.addEventListener("resize", draw);

  return {
    /** Move the photo by an arrow key; return whether it could be moved. */
    move(key) {
      if (zoom === 1) return false;
      x += { ArrowLeft: NUDGE, ArrowRight: -NUDGE }[key] ?? 0;
      y += { ArrowUp: NUDGE, ArrowDown: -NUDGE }[key] ?? 0;
      draw();
      return true;
    },
  };
}
