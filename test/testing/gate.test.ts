import { describe, expect, it } from 'vitest'
import { createGate, settle } from '../../src/testing.ts'

describe('createGate', () => {
  it('holds everyone until it is opened', async () => {
    const gate = createGate<string>()
    const through: string[] = []
    gate.then(value => through.push(value))
    await settle()
    expect(through).toEqual([])
    gate.open('early')
    await settle()
    expect(through).toEqual(['early'])
    expect(await gate).toBe('early')
  })

  it('opens without a value', async () => {
    const gate = createGate()
    gate.open()
    await expect(gate).resolves.toBeUndefined()
  })

  it('fails everyone with the very error', async () => {
    const gate = createGate()
    const error = new Error('shut')
    gate.fail(error)
    await expect(gate).rejects.toBe(error)
  })

  it('is not an unhandled rejection when nobody waits', async () => {
    createGate().fail(new Error('nobody saw this'))
    await settle()
  })

  it('keeps what came first', async () => {
    const gate = createGate<number>()
    gate.open(1)
    gate.open(2)
    gate.fail(new Error('too late'))
    await expect(gate).resolves.toBe(1)
  })
})
