/** What `add` rejects with when a task ran out of its time: a `DOMException` named `TimeoutError`. */
export class TimeoutError extends DOMException {
  constructor(message = 'Task timed out') {
    super(message, 'TimeoutError')
  }
}
