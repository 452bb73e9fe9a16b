import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as exceptions from './architecture/exceptions.ts'
import { ENTRIES, FLOORS, MOST_FILES, MOST_LINES, OUTSIDE } from './architecture/floors.ts'
import { circlesOf, onlyReexports, readSources, type Source } from './architecture/sources.ts'

const sources = readSources()

/** The floor of a file, counted from the ground: that of the nearest room. */
function floorOf(path: string): number {
  for (let room = path; room !== '.' || !path.includes('/'); room = posix.dirname(room)) {
    const floor = FLOORS.findIndex(([, ...rooms]) => rooms.includes(room))
    if (floor >= 0) return floor
  }
  throw new Error(`src/${path} is in no room of test/architecture/floors.ts`)
}

function nameOf(path: string): string {
  return FLOORS[floorOf(path)]?.[0] as string
}

/** What was found must be what is listed: a rule that is kept now needs no exception any more. */
function expectOnly(found: readonly string[], excepted: readonly string[]): void {
  expect({
    new: found.filter(one => !excepted.includes(one)),
    'no longer needed': excepted.filter(one => !found.includes(one)),
  }).toEqual({ new: [], 'no longer needed': [] })
}

describe('the floors', () => {
  it('have rooms that are there', () => {
    const paths = sources.map(({ path }) => path)
    const rooms = FLOORS.flatMap(([, ...names]) => names)
    const empty = rooms.filter(
      room => room !== '.' && !paths.some(path => path === room || path.startsWith(`${room}/`)),
    )
    expect(empty).toEqual([])
  })

  it('have a room for every file', () => {
    expect(() => sources.map(({ path }) => floorOf(path))).not.toThrow()
  })

  it('import from below alone', () => {
    const upwards = sources.flatMap(({ path, imports }) =>
      imports.filter(to => floorOf(to) > floorOf(path)).map(to => `${path} -> ${to}`),
    )
    expectOnly(upwards, exceptions.UPWARDS)
  })

  it.each(ENTRIES)('%s only re-exports', entry => {
    const source = sources.find(({ path }) => path === entry)
    expect(source && onlyReexports(source)).toBe(true)
  })

  it('are not imported through an entry', () => {
    const through = sources.filter(({ imports }) => imports.some(to => nameOf(to) === 'entries'))
    expect(through.map(({ path }) => path)).toEqual([])
  })
})

describe('the files', () => {
  it('import one another in no circle, not even of types', () => {
    expectOnly(circlesOf(sources).flat(), exceptions.CIRCLES.flat())
    // Those that are left do not grow together.
    const grown = circlesOf(sources).filter(
      circle => !exceptions.CIRCLES.some(known => circle.every(one => known.includes(one))),
    )
    expect(grown).toEqual([])
  })

  it('import from outside only what the map says', () => {
    const foreign = sources.flatMap(source =>
      source.outside.filter(name => !mayImport(source, name)).map(name => `${source.path} -> ${name}`),
    )
    expect(foreign).toEqual([])
  })

  it('may import from outside nothing that none of them does', () => {
    const unused = Object.entries(OUTSIDE).flatMap(([name, rooms]) =>
      rooms.filter(room => !sources.some(source => isIn(source, room) && source.outside.some(one => isOf(one, name)))),
    )
    expect(unused).toEqual([])
  })

  it(`have at most ${MOST_LINES} lines`, () => {
    const lengths = new Map(sources.map(({ path, text }) => [path, text.trimEnd().split('\n').length]))
    expectAtMost(lengths, MOST_LINES, exceptions.LINES)
  })

  it(`lie in folders of at most ${MOST_FILES}`, () => {
    const counts = new Map<string, number>()
    for (const { path } of sources) counts.set(posix.dirname(path), (counts.get(posix.dirname(path)) ?? 0) + 1)
    expectAtMost(counts, MOST_FILES, exceptions.FOLDERS)
  })
})

function mayImport(source: Source, name: string): boolean {
  return Object.entries(OUTSIDE).some(([known, rooms]) => isOf(name, known) && rooms.some(room => isIn(source, room)))
}

function isIn({ path }: Source, room: string): boolean {
  return path.startsWith(room)
}

function isOf(name: string, known: string): boolean {
  return known === 'node:' ? name.startsWith(known) : name === known
}

/** An exception is a ceiling of its own. */
function expectAtMost(
  sizes: ReadonlyMap<string, number>,
  most: number,
  excepted: Readonly<Record<string, number>>,
): void {
  const above = [...sizes].filter(([name, size]) => size > (excepted[name] ?? most))
  expect(above).toEqual([])
  const needless = Object.keys(excepted).filter(name => (sizes.get(name) ?? 0) <= most)
  expect(needless, 'exceptions that are no longer needed').toEqual([])
}
