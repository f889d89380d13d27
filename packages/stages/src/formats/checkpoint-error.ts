/** A checkpoint file that is damaged, hostile, or of a kind that this project does not read. */
export class CheckpointError extends Error {
  override readonly name: string = "CheckpointError"
}
