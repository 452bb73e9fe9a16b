import { expect, it } from 'vitest'
import { instrument } from '../../scripts/journeys/instrument.ts'

it.each([
  ['function f(a: number): void { g(a) }', 'function f(a: number): void {enter(); g(a) }'],
  ['const f = (a: number) => ({ a })', 'const f = (a: number) => (enter(), ({ a }))'],
  ['const f = async () => await g(() => 1)', 'const f = async () => (enter(), await g(() => (enter(), 1)))'],
  [
    'class A extends B { constructor() { super() } *b() {} readonly c = () => {} }',
    'class A extends B { constructor() {enter(); super() } *b() {enter();} readonly c = () => {enter();} }',
  ],
  ['class A { get b() { return this.#c(() => 1) } }', 'class A { get b() { return this.#c(() => (enter(), 1)) } }'],
  ['declare function f(): void; interface A { b(): void }', 'declare function f(): void; interface A { b(): void }'],
])('has the functions of a source say when they are entered: %s', (source, instrumented) => {
  expect(instrument(source, 'enter()')).toBe(instrumented)
})
