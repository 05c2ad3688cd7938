// What was found on the photo: where the cloth is, and where the first suggestion was
// seen. The server draws the same in templates/classifier/_overlay.html.

const WHOLE = 0.97; // share of the photo from which on the cloth is all of it
const PAST = 2; // the shade reaches past the edge, so that its blur has no seam

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const stretched = { preserveAspectRatio: "none" };
const picture = (name) => ({
  class: name,
  viewBox: "0 0 1 1",
  "aria-hidden": "true",
  focusable: "false",
  ...stretched,
});

/** Draw a region and a heat map, each as the API gives them, or null. */
export function draw({ region, heat }) {
  const drawn = document.createDocumentFragment();
  if (region && region.share < WHOLE) {
    const { x, y, width, height } = region;
    const hole = `M0 0H1V1H0ZM${x} ${y}h${width}v${height}h${-width}Z`;
    drawn.append(
      svg(
        "svg",
        picture("region"),
        svg("path", { class: "region-outside", "fill-rule": "evenodd", d: hole }),
        svg("rect", { class: "region-edge", x, y, width, height }),
      ),
    );
  }
  if (heat) drawn.append(svg("svg", picture("heat"), shade(heat)));
  return drawn;
}

/** Draw a patch of a colour, as templates/classifier/_answer.html does. */
export function swatch(fill) {
  const size = { width: 28, height: 20 };
  const hidden = { "aria-hidden": "true", focusable: "false" };
  const patch = svg("rect", { ...size, rx: 2, fill });
  return svg("svg", { ...size, viewBox: "0 0 28 20", ...hidden }, patch);
}

function shade({ x, y, width, height, values }) {
  const rows = values.length;
  const columns = values[0].length;
  const soft = svg(
    "filter",
    { id: "heat-soft", x: "-20%", y: "-20%", width: "140%", height: "140%" },
    svg("feGaussianBlur", { stdDeviation: 0.55 }),
  );
  const group = svg("g", { filter: "url(#heat-soft)" });
  values.forEach((row, down) => {
    row.forEach((value, across) => {
      const left = across === 0 ? PAST : 0;
      const top = down === 0 ? PAST : 0;
      group.append(
        svg("rect", {
          x: across - left,
          y: down - top,
          width: 1 + left + (across === columns - 1 ? PAST : 0),
          height: 1 + top + (down === rows - 1 ? PAST : 0),
          "fill-opacity": (1 - value).toFixed(2),
        }),
      );
    });
  });
  const places = { viewBox: `0 0 ${columns} ${rows}`, ...stretched };
  return svg("svg", { x, y, width, height, ...places }, soft, group);
}

/** Show the slider where there is a heat map, and let it shade the photo. */
export function watchHeat(frame) {
  const slider = document.querySelector("[data-heat]");
  const shaded = () => frame.style.setProperty("--heat", slider.value / 100);
  slider.addEventListener("input", shaded);
  shaded();
  const refresh = () => {
    slider.closest("p").hidden = !frame.querySelector(".heat");
  };
  new MutationObserver(refresh).observe(frame, { childList: true, subtree: true });
  refresh();
}
