/**
 * Runs in a worker before anything of ours, and lets its functions put words into our mouth: `tampering.out` sees each
 * message on its way out, `tampering.in` each on its way in, and what they return goes in its place.
 */
const THREAD = `
  const { MessagePort } = process.getBuiltinModule('worker_threads')
  const { postMessage, on } = MessagePort.prototype
  MessagePort.prototype.postMessage = function (message, transfer) {
    return postMessage.call(this, tampering.out(message), transfer)
  }
  MessagePort.prototype.on = function (type, listener) {
    return on.call(this, type, type === 'message' ? message => listener(tampering.in(message)) : listener)
  }`

const PROCESS = `
  const { DefaultSerializer, DefaultDeserializer } = process.getBuiltinModule('v8')
  const { writeValue } = DefaultSerializer.prototype
  const { readValue } = DefaultDeserializer.prototype
  DefaultSerializer.prototype.writeValue = function (message) {
    return writeValue.call(this, tampering.out(message))
  }
  DefaultDeserializer.prototype.readValue = function () {
    return tampering.in(readValue.call(this))
  }`

/** The flags of Node that make a worker tamper with its messages, once a function tells it to. */
export function tamperingFlags(kind: 'thread' | 'process'): string[] {
  const code = `globalThis.tampering = { out: message => message, in: message => message };${kind === 'thread' ? THREAD : PROCESS}`
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
}

/** Has the next message of a kind replaced; `'$call'` in the new one stands for the number of the call. */
export const TAMPER = `(direction, kind, forged) => {
  tampering[direction] = message => {
    if (!Array.isArray(message) || message[0] !== kind) return message
    tampering[direction] = same => same
    return Array.isArray(forged) ? forged.map(part => (part === '$call' ? message[1] : part)) : forged
  }
}`
