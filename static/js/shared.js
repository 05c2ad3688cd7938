// A shared answer: the photo's shade follows its slider.

import { watchHeat } from "./overlay.js";

const frame = document.querySelector(".frame");
if (frame) watchHeat(frame);
