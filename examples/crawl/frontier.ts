/** What has been found and not looked at: an input that grows while it is read. */
export class Frontier<T> implements AsyncIterable<T> {
  readonly #items: T[] = []
  #ended = false
  #tell = () => {}

  add(item: T): void {
    this.#items.push(item)
    this.#tell()
  }

  /** There will be no more. */
  end(): void {
    this.#ended = true
    this.#tell()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (let next = 0; ; ) {
      if (next < this.#items.length) yield this.#items[next++] as T
      else if (this.#ended) return
      else {
        this.#items.length = next = 0
        await new Promise<void>(resolve => {
          this.#tell = resolve
        })
      }
    }
  }
}
