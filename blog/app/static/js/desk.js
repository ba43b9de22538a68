// What the page of a post has beyond every page.
import "./autosave.js";
import "./after-saving.js";
import "./meter.js";
import "./panel.js";
import "./refusals.js";
import "./run-stream.js";
import "./desk-keys.js";
import "./hunks.js";
import "./presence.js";
import "./strip.js";
import "./comment-counts.js";
import "./drawer.js";
import "./quote.js";
import "./mention.js";
import "./tell-preview.js";
import "./section-drag.js";
import "./split.js";
