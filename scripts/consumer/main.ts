import { TaskScopeError } from 'taskscope'
import { createGate, type Gate } from 'taskscope/testing'

const gate: Gate<number> = createGate<number>()
gate.open(42)
const value: number = await gate
if (value !== 42) throw new Error(`got ${value}`)
if (!(TaskScopeError.prototype instanceof Error)) throw new Error('not an Error')
