// A plot that stays on its page: other data are drawn into it, so that zoom and what its legend hides survive them.
// Streamlit calls the default function whenever data or theme change, always with the same element.

const libraries = new Map();

function library(address) {
  if (!libraries.has(address)) {
    const loaded = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        libraries.delete(address); // the next data try again
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
    parent.append(this.element);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.element);
  }

  async draw({ data, setTriggerValue }) {
    this.newest = data;
    this.tell = (span) => setTriggerValue("zoom", span);
    this.element.style.height = `${data.height}px`;
    this.element.setAttribute("role", "figure");
    this.element.setAttribute("aria-label", data.alt);
    this.plotly = await library(data.library);
    if (data !== this.newest || !this.element.isConnected) return; // newer data came while the library was loaded
    const { data: traces, layout } = JSON.parse(data.figure);
    layout.template = template(this.element);
    if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false; // a finger scrolls the page
    const config = { displayModeBar: false, scrollZoom: false, doubleClick: data.zooms ? false : "reset+autosize" };
    await this.plotly.react(this.element, traces, layout, config);
    if (data.zooms && !this.listens) {
      this.listens = true;
      this.element.on("plotly_relayout", (change) => {
        const span = zoomed(change);
        if (span !== null) this.tell(span);
      });
    }
  }

  resize() {
    if (this.element.classList.contains("js-plotly-plot") && this.element.clientWidth > 0) {
      this.plotly.Plots.resize(this.element);
    }
  }

  end() {
    this.observer.disconnect();
    this.newest = null;
    if (this.plotly) this.plotly.purge(this.element);
    this.element.remove();
  }
}

const plots = new WeakMap();

export default async function (component) {
  const parent = component.parentElement;
  if (!plots.has(parent)) plots.set(parent, new Plot(parent));
  const plot = plots.get(parent);
  await plot.draw(component);
  return () => {
    plot.end();
    plots.delete(parent);
  };
}
