/** The error of a look at what can only be taken. */
export function cannotLookOn(): TypeError {
  return new TypeError(
    'whenAvailable cannot ask an external or shared limit, which can only be taken from: use acquire, or ask the other members',
  )
}
