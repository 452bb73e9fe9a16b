import { closeSync, openSync, readSync } from 'node:fs'
import { attempt } from '../../base/attempt.ts'
import { StoreError } from '../../base/errors.ts'

// The format: https://sqlite.org/fileformat2.html#walformat
const HEADER = 32
const FRAME_HEADER = 24
/** Checksums of a file with this magic are of little-endian words, of one with the next number big-endian. */
const LITTLE_ENDIAN = 0x377f0682
const USUAL_PAGE = 4_096

/** One transaction after a frame may be the torn one itself: the disk writes its parts in any order. */
const TOO_MANY = 2

type Sum = readonly [number, number]

/** How the frames of a log are to be read. */
interface Form {
  readonly pageSize: number
  readonly littleEndian: boolean
  readonly salts: Sum
}

/** What follows the first frame that is not as it was written. */
interface Damage {
  readonly frame: number
  /** How many transactions end after it. */
  readonly commits: number
}

/**
 * Refuses a file whose log has a frame that is not as it was written, and transactions after it: SQLite takes that frame
 * for the end of the log, and would drop them in silence. Has to be asked before SQLite opens the file, as it clears the log
 * then. Throws `StoreError`.
 *
 * Only where each transaction was synced: then no more than the last one is torn when the power fails, so that one alone is
 * no damage.
 */
export function requireSoundLog(path: string): void {
  const log = `${path}-wal`
  const file = attempt(() => openSync(log, 'r'))
  if (file === undefined) return
  try {
    const damage = damageIn(file)
    if (damage === undefined) return
    const remedy = `put a backup of ${path} and its -wal file in their place, or open it once with { synchronous: 'normal' } to go on with what was written before`
    throw new StoreError(
      `${log} is damaged at its frame ${damage.frame}, so that ${damage.commits} batches that were written later would be lost: ${remedy}`,
    )
  } finally {
    closeSync(file)
  }
}

function damageIn(file: number): Damage | undefined {
  const header = read(file, 0, HEADER)
  if (header === undefined) return undefined
  const damages = formsOf(file, header).map(form => damageAfter(file, header, form))
  const found = damages.find(damage => damage !== undefined && damage.commits >= TOO_MANY)
  // Another process that has the file open has begun the log anew meanwhile.
  return read(file, 0, HEADER)?.equals(header) ? found : undefined
}

/** One form, where the header is as it was written; else those that it may have had. */
function formsOf(file: number, header: Buffer): Form[] {
  const littleEndian = header.readUInt32BE(0) === LITTLE_ENDIAN
  const pageSize = header.readUInt32BE(8)
  const salts = pairAt(header, 16)
  if (isSound(header, littleEndian)) return [{ pageSize, littleEndian, salts }]
  const first = read(file, HEADER, FRAME_HEADER)
  if (first === undefined) return []
  const own = pairAt(first, 8)
  // Neither is the same where the log was just begun anew, by a header that is torn: all after it is of the time before.
  if (own[0] !== salts[0] && own[1] !== salts[1]) return []
  const sizes = new Set([USUAL_PAGE, ...(isPageSize(pageSize) ? [pageSize] : [])])
  return [...sizes].flatMap(size => [true, false].map(order => ({ pageSize: size, littleEndian: order, salts: own })))
}

function damageAfter(file: number, header: Buffer, { pageSize, littleEndian, salts }: Form): Damage | undefined {
  let before = pairAt(header, 24)
  let damaged = isSound(header, littleEndian) ? undefined : 0
  let commits = 0
  for (let frame = 1; ; frame += 1) {
    const bytes = read(file, HEADER + (frame - 1) * (FRAME_HEADER + pageSize), FRAME_HEADER + pageSize)
    if (bytes === undefined) return damaged === undefined ? undefined : { frame: damaged, commits }
    // Each goes on from the sum of the one before: as that one says it is, so that what follows damage is told from it.
    const sum = checksum(
      bytes.subarray(FRAME_HEADER),
      littleEndian,
      checksum(bytes.subarray(0, 8), littleEndian, before),
    )
    before = pairAt(bytes, 16)
    const sound = equal(pairAt(bytes, 8), salts) && equal(sum, before)
    if (!sound) damaged ??= frame
    else if (damaged !== undefined && bytes.readUInt32BE(4) !== 0) commits += 1
  }
}

function isSound(header: Buffer, littleEndian: boolean): boolean {
  return equal(checksum(header.subarray(0, 24), littleEndian, [0, 0]), pairAt(header, 24))
}

function isPageSize(size: number): boolean {
  return size >= 512 && size <= 65_536 && (size & (size - 1)) === 0
}

function checksum(bytes: Buffer, littleEndian: boolean, [first, second]: Sum): Sum {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + words.getUint32(at, littleEndian) + second) >>> 0
    second = (second + words.getUint32(at + 4, littleEndian) + first) >>> 0
  }
  return [first, second]
}

function pairAt(bytes: Buffer, at: number): Sum {
  return [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
}

function equal(one: Sum, other: Sum): boolean {
  return one[0] === other[0] && one[1] === other[1]
}

/** So many bytes; nothing where the file ends before. */
function read(file: number, from: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length)
  return readSync(file, bytes, 0, length, from) === length ? bytes : undefined
}
