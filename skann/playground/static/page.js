// The page's host: gives the front end what a widget's model gives it, by a WebSocket.
import playground from "./playground.js";

const token = new URLSearchParams(location.search).get("token") || "";
const scheme = location.protocol === "https:" ? "wss" : "ws";
const address = `${scheme}://${location.host}/socket?token=${encodeURIComponent(token)}`;

class Model {
  #listeners = [];
  #socket = null;
  #wait = 250;
  address = true; // the state is kept in the page's address

  connect() {
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { this.#socket = socket; this.#wait = 250; this.#tell({kind: "connected"}, []); };
    socket.onmessage = (event) => {
      const view = new DataView(event.data);
      const length = view.getUint32(0, true);
      const text = new TextDecoder().decode(new Uint8Array(event.data, 4, length));
      const [message, sizes] = JSON.parse(text);
      let at = 4 + length;
      const buffers = sizes.map((size) => { at += size; return new DataView(event.data, at - size, size); });
      this.#tell(message, buffers);
    };
    socket.onclose = () => {
      this.#socket = null;
      this.#tell({kind: "disconnected"}, []);
      setTimeout(() => this.connect(), this.#wait);
      this.#wait = Math.min(2 * this.#wait, 4000);
    };
  }

  send(message) { if (this.#socket) this.#socket.send(JSON.stringify(message)); }
  on(name, listener) { if (name === "msg:custom") this.#listeners.push(listener); }
  off() { this.#listeners = []; }
  #tell(message, buffers) { for (const each of this.#listeners) each(message, buffers); }
}

const model = new Model();
playground.render({model, el: document.getElementById("playground")});
model.connect();
