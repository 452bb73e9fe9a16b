export function echo<T>(value: T): T
export function length(bytes: Uint8Array): number
export function fibonacci(n: number): number
export default echo
