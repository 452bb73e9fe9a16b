import type { Task } from '../task/task.ts'

/** The tasks of a map whose results were not taken yet: in the order of the input, or, unordered, in that of their ends. */
export class MapLine {
  readonly #ordered: boolean
  #line: Task[] = []
  #head = 0
  /** Unordered, the indexes of their items. */
  #indexes: number[] = []
  /** Unordered, those that have not ended and so have no place in the line, with their indexes. */
  readonly #flying = new Map<Task, number>()
  #taken = 0

  constructor(ordered: boolean) {
    this.#ordered = ordered
  }

  /** How many there are. */
  get size(): number {
    return this.#line.length - this.#head + this.#flying.size
  }

  /** The one whose turn it is, if that is known; it may not have ended. */
  get first(): Task | undefined {
    return this.#line[this.#head]
  }

  /** The index of the item that the first one is of. */
  get firstIndex(): number {
    return this.#indexes[this.#head] ?? this.#taken
  }

  get unfinished(): readonly Task[] {
    return this.#ordered ? this.#line.slice(this.#head).filter(task => !task.ended) : [...this.#flying.keys()]
  }

  add(task: Task, index: number): void {
    if (this.#ordered) this.#line.push(task)
    else this.#flying.set(task, index)
  }

  ended(task: Task): void {
    const index = this.#flying.get(task)
    if (index === undefined) return
    this.#flying.delete(task)
    this.#indexes.push(index)
    this.#line.push(task)
  }

  /** The first one's result was taken. */
  shift(): void {
    this.#taken += 1
    this.#head += 1
    if (this.#head < 1024 || this.#head * 2 < this.#line.length) return
    this.#line = this.#line.slice(this.#head)
    this.#indexes = this.#indexes.slice(this.#head)
    this.#head = 0
  }
}
