// `<upload-form>`: uploads a video into a bucket, and shows the progress.

import { csrfHeaders } from "./csrf.js";

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

class UploadForm extends HTMLElement {
  #request = null;

  connectedCallback() {
    const input = this.querySelector("input");
    const drop = this.querySelector(".drop");
    input.addEventListener("change", () => input.files.length && this.#upload(input.files[0]));
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      if (event.dataTransfer.files.length) this.#upload(event.dataTransfer.files[0]);
    });
    this.#part("stop").addEventListener("click", () => this.#request?.abort());
    addEventListener("beforeunload", (event) => this.#request && event.preventDefault());
  }

  #part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }

  #upload(file) {
    if (this.#request) return;
    const limit = Number(this.getAttribute("limit"));
    if (limit && file.size > limit) return this.#refuse(`A video may be up to ${megabytes(limit)}; this one is ${megabytes(file.size)}.`);
    const request = (this.#request = new XMLHttpRequest());
    request.upload.addEventListener("progress", (event) => this.#tell(event.loaded, file.size));
    request.addEventListener("load", () => this.#answered(request));
    request.addEventListener("error", () => this.#refuse("The connection was lost. Nothing was saved."));
    request.addEventListener("abort", () => this.#refuse("Cancelled. Nothing was saved."));
    request.open("PUT", `/console/uploads/${encodeURIComponent(file.name)}`);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
    this.#part("name").textContent = file.name;
    this.#show(true);
    this.#tell(0, file.size);
    request.send(file);
  }

  #tell(loaded, total) {
    this.querySelector("progress").value = total ? loaded / total : 0;
    const told = loaded < total ? `${megabytes(loaded)} of ${megabytes(total)}` : "Saving…";
    this.#part("detail").textContent = told;
  }

  #answered(request) {
    this.#request = null;
    if (request.status !== 201) return this.#refuse(request.response?.error ?? `The server answered ${request.status}.`);
    location.assign(`/console/start?${new URLSearchParams(request.response)}`);
  }

  #refuse(message) {
    this.#request = null;
    this.#show(false);
    this.querySelector("input").value = "";
    this.#part("refused").textContent = message;
    this.#part("refused").hidden = false;
  }

  #show(underWay) {
    this.querySelector(".drop").hidden = underWay;
    this.querySelector(".under-way").hidden = !underWay;
    this.#part("refused").hidden = true;
  }
}

customElements.define("upload-form", UploadForm);
