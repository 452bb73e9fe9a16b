export function echo<T>(value: T): T
export function length(bytes: Uint8Array): number
export function fibonacci(n: number): number
export function count(to: number): AsyncGenerator<number, void>
export default echo
