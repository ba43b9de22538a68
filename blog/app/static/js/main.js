// What every page has. A page with a behaviour of its own adds its module in the block `scripts`.
import "./local-time.js";
import "./menu.js";
import "./themes.js";
import "./copy.js";
import "./once.js";
import "./answers.js";
import "./network.js";
import "./palette.js";
import "./shortcuts.js";
