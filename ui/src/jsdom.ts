// What jsdom lacks and every web view has: dialogs that open, and pointers.
if (typeof HTMLDialogElement !== 'undefined') {
  HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
    this.open = false;
  };
}
if (typeof MouseEvent !== 'undefined') {
  globalThis.PointerEvent ??= class extends MouseEvent {} as typeof PointerEvent;
}
