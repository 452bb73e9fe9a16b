import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const WORKAROUNDS = new URL('../../../../src/distributed/bullmq/workarounds/', import.meta.url)
const BULLMQ = new URL('../../../../node_modules/bullmq/', import.meta.url)
const READ_IN = /Read in BullMQ (\S+), `([^`]+)`, line (\d+): `([^`]+)`/g

const { version } = JSON.parse(readFileSync(new URL('package.json', BULLMQ), 'utf8'))

describe.each(globSync('*.ts', { cwd: WORKAROUNDS }))('the workaround %s', file => {
  const comments = readFileSync(new URL(file, WORKAROUNDS), 'utf8').replace(/\s*\n \* /g, ' ')
  const places = [...comments.matchAll(READ_IN)]

  it('says what it works around, and when it can go', () => {
    expect(places.length).toBeGreaterThan(0)
    expect(comments).toContain('Delete when')
  })

  it.each(places.map(([, ...place]) => place))(
    'was read in BullMQ %s, %s, line %i',
    (readIn, path = '', line, code) => {
      const lines = readFileSync(new URL(`dist/esm/${path}`, BULLMQ), 'utf8').split('\n')
      // Another one: see whether the workaround still fits, or can go.
      expect({ version, code: lines[Number(line) - 1] }).toEqual({
        version: readIn,
        code: expect.stringContaining(`${code}`),
      })
    },
  )
})
