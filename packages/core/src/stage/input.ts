import { type TSchema, type TSchemaOptions, type TString, Type } from "typebox"

/** The schema of an input that is an artefact: a text at run time, of a kind that the types know. */
export interface TArtefact<Kind extends string = string> extends TString {
  artefact: Kind
}

/**
 * The schema of an input that is an artefact: in the pipeline an output of another stage
 * (`${{ stages.images.outputs.shards }}`) or a local path; at run time the absolute path of a file or folder.
 *
 * @param kind what the artefact must be, such as `webdataset`; several kinds are separated by ` | `;
 *   `any` stands for every kind, of an input as of an output
 */
export const artefact = <const Kind extends string>(
  kind: Kind,
  options: TSchemaOptions = {},
): TArtefact<Kind> => Object.assign(Type.String(options), { artefact: kind })

/**
 * Marks the schema of an input that changes how the work is done, and no byte of what comes out: a number of threads, say.
 * It is no part of the cache key, so that a result that was made otherwise counts, and a task goes on from a checkpoint
 * that was made otherwise.
 *
 * @example
 * const input = Type.Object({ threads: unkeyed(Type.Integer({ default: 4 })) })
 */
export const unkeyed = <const Schema extends TSchema>(schema: Schema): Schema =>
  Object.assign(schema, { unkeyed: true })

/** Whether an input is marked so. */
export const isUnkeyed = (schema: TSchema | undefined): boolean =>
  schema !== undefined && "unkeyed" in schema && schema.unkeyed === true
