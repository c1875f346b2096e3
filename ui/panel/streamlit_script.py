"""What Streamlit runs whenever something changes; importing it does nothing."""

from ui.panel.frame import draw

if __name__ == "__main__":
    draw()
