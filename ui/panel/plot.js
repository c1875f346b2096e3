// A plot that stays on its page: other data are drawn into it, so that zoom and what its legend hides survive them.
// Streamlit calls the default function whenever data or theme change, always with the same element.

const PATIENCE_MS = 3000;

const libraries = new Map();

// Plotly, once for all plots; whoever comes while it cannot be had gets an error, and asks again.
function library(address, tries) {
  if (!libraries.has(address)) {
    const loaded = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = tries === 0 ? address : `${address}?try=${tries}`;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        libraries.delete(address);
        script.remove();
        reject(new Error(`${address} cannot be loaded`));
      };
      document.head.append(script);
    });
    libraries.set(address, loaded);
  }
  return libraries.get(address);
}

// The look of the page, from the variables in which Streamlit tells its theme.
function template(element) {
  const theme = getComputedStyle(element);
  const of = (name) => theme.getPropertyValue(`--st-${name}`).trim();
  const [text, page, line] = [of("text-color"), of("background-color"), of("border-color")];
  const family = of("font");
  const small = { color: text, family, size: 12 };
  const larger = { color: text, family, size: 13 };
  const axis = {
    automargin: true,
    gridcolor: line,
    tickcolor: line,
    tickfont: small,
    title: { font: larger, standoff: 14 },
    zerolinecolor: line,
  };
  const clear = "rgba(0,0,0,0)";
  return {
    layout: {
      colorway: of("chart-categorical-colors").split(","),
      coloraxis: { colorbar: { outlinewidth: 0, thickness: 14, tickfont: small, title: { font: larger } } },
      font: small,
      hoverlabel: { bgcolor: page, bordercolor: line, font: small },
      legend: { bgcolor: clear, font: small },
      margin: { pad: 6 },
      paper_bgcolor: clear,
      plot_bgcolor: clear,
      xaxis: { ...axis, showgrid: false, zeroline: false },
      yaxis: axis,
    },
  };
}

// The span of time that somebody has just zoomed into, as the axis tells it; null for whatever else was moved.
function zoomed(change) {
  const axis = Object.keys(change).find((name) => /^xaxis\d*\.range\[0\]$/.test(name));
  if (axis === undefined) return null;
  return [change[axis], change[axis.replace("[0]", "[1]")]];
}

class Plot {
  constructor(parent) {
    this.element = document.createElement("div");
    this.element.className = "evoq-plot";
    this.element.setAttribute("role", "figure");
    parent.append(this.element);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.element);
    this.tries = 0;
  }

  // Streamlit takes an error for the end of an element: whatever fails here says so, and is tried again.
  async draw(data, tell) {
    [this.data, this.tell] = [data, tell];
    this.element.style.height = `${data.height}px`;
    this.element.setAttribute("aria-label", data.alt);
    try {
      this.plotly = await library(data.library, this.tries);
      if (data === this.data && this.element.isConnected) await this.react(data);
    } catch (error) {
      console.warn("a plot cannot be drawn", error);
      this.fail();
    }
  }

  async react(data) {
    const { data: traces, layout } = JSON.parse(data.figure);
    layout.template = template(this.element);
    if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false; // a finger scrolls the page
    const config = { displayModeBar: false, scrollZoom: false, doubleClick: data.zooms ? false : "reset+autosize" };
    if (this.failed) this.element.replaceChildren();
    this.failed = false;
    await this.plotly.react(this.element, traces, layout, config);
    if (data.zooms && !this.listens) {
      this.listens = true;
      this.element.on("plotly_relayout", (change) => {
        const span = zoomed(change);
        if (span !== null) this.tell("zoom", span);
      });
    }
  }

  fail() {
    if (!this.element.isConnected) return;
    this.plotly?.purge(this.element);
    [this.failed, this.listens] = [true, false];
    this.tries += 1;
    this.element.textContent = this.data.alt;
    clearTimeout(this.again);
    this.again = setTimeout(() => this.draw(this.data, this.tell), PATIENCE_MS);
  }

  resize() {
    if (this.element.classList.contains("js-plotly-plot") && this.element.clientWidth > 0) {
      this.plotly.Plots.resize(this.element);
    }
  }

  end() {
    clearTimeout(this.again);
    this.observer.disconnect();
    this.data = null;
    this.plotly?.purge(this.element);
  }
}

export default async function ({ data, parentElement, setTriggerValue }) {
  parentElement.evoqPlot ??= new Plot(parentElement);
  const plot = parentElement.evoqPlot;
  await plot.draw(data, setTriggerValue);
  return () => {
    if (!parentElement.isConnected) plot.end(); // it is also called where newer data came while these were waited for
  };
}
