/** What the pools run: plain JavaScript, which all of them can load. Those of the peers take one argument. */

/** @param {unknown} value */
export function echo(value) {
  return value
}

/** @param {Uint8Array} bytes */
export function length(bytes) {
  return bytes.length
}

/** Keeps a core busy. @param {number} n */
export function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)
}

/** @param {number} to */
export async function* count(to) {
  for (let item = 0; item < to; item++) yield item
}

export default echo
