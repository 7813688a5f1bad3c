import { Errno, UsageError } from '../../errors/index.ts';
import { createHash, createPrivateKey, KeyObject, sign, X509Certificate } from 'node:crypto';
import type { LoaderProgram } from '../../codegen/index.ts';
import { ObjectError } from '../../object/index.ts';
import { decode, encode, objectIdentifier, Tag } from './der.ts';

/** A private key as `node:crypto` holds it: a KeyObject. */
export interface SigningKey {
  /** `private` */
  readonly type: string;
  /** `rsa`, `ec` */
  readonly asymmetricKeyType?: string | undefined;
}

/** What the signature of a loader program is made with. */
export interface Signer {
  readonly key: SigningKey;
  /** DER. */
  readonly certificate: Uint8Array;
  /** Names the certificate in the signature. */
  readonly keyId: Uint8Array;
}

/** A signed program, as BPF_PROG_LOAD and the map of its data take it. */
export interface ProgramSignature {
  /** CMS, detached. */
  readonly bytes: Uint8Array;
  /** SHA-256 of the instructions: the map may be used by no other program. */
  readonly programHash: Uint8Array;
}

/** Bytes; the kernel takes no longer signatures. */
const longestSignature = 4096;
const subjectKeyIdentifier = objectIdentifier('2.5.29.14');

/**
 * Reads a private key (PEM) and the certificate of its other half (PEM or DER).
 * ObjectError if one is no such thing, they do not belong together, or a program cannot be signed with them.
 */
export function readSigner(key: Uint8Array, certificate: Uint8Array): Signer {
  const privateKey = attempt('cannot read the private key', () => createPrivateKey(Buffer.from(key)));
  const x509 = attempt('cannot read the certificate', () => new X509Certificate(certificate));
  if (!x509.checkPrivateKey(privateKey))
    throw new ObjectError('the private key does not belong to the certificate', Errno.EINVAL);
  const keyId = attempt('cannot read the certificate', () => findKeyId(x509.raw));
  if (!keyId) throw new ObjectError('the certificate has no subject key identifier', Errno.EINVAL);
  return { key: privateKey, certificate: x509.raw, keyId };
}

function attempt<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ObjectError(`${what}: ${(cause as Error).message}`, Errno.EINVAL, { cause });
  }
}

/** The subject key identifier among the extensions of a certificate. */
function findKeyId(certificate: Uint8Array): Uint8Array | undefined {
  const inside = (bytes: Uint8Array | undefined) => (bytes ? decode(bytes) : []);
  const [body] = inside(decode(certificate)[0]?.contents);
  const extensions = inside(body?.contents).find(({ tag }) => tag === (Tag.CONTEXT | Tag.CONSTRUCTED | 3));
  for (const extension of inside(inside(extensions?.contents)[0]?.contents)) {
    const parts = decode(extension.contents);
    const name = parts[0] && encode(parts[0].tag, parts[0].contents);
    if (!name || Buffer.compare(name, subjectKeyIdentifier) !== 0) continue;
    return inside(parts.at(-1)?.contents)[0]?.contents;
  }
  return undefined;
}

// CMS: RFC 5652. Source of the choices: bpftool, sign.c.
const signedData = objectIdentifier('1.2.840.113549.1.7.2');
const anyData = objectIdentifier('1.2.840.113549.1.7.1');
const sha256 = encode(Tag.SEQUENCE, objectIdentifier('2.16.840.1.101.3.4.2.1'));
const version3 = encode(Tag.INTEGER, Uint8Array.of(3));

/** Names of signature algorithms with SHA-256, by type of the key. */
const algorithms: Readonly<Record<string, Uint8Array>> = {
  rsa: encode(Tag.SEQUENCE, objectIdentifier('1.2.840.113549.1.1.1'), encode(Tag.NULL)),
  ec: encode(Tag.SEQUENCE, objectIdentifier('1.2.840.10045.4.3.2')),
};

/**
 * Signs a loader's instructions and, after them, the value of its map: SHA-256, no signed attributes, no certificates
 * inside. ObjectError if the key cannot, UsageError for what is no KeyObject.
 */
export function signLoader(
  { instructions, data }: Pick<LoaderProgram, 'instructions' | 'data'>,
  signer: Signer,
): ProgramSignature {
  if (!(signer.key instanceof KeyObject)) throw new UsageError('key: expected a KeyObject of node:crypto');
  const algorithm = algorithms[signer.key.asymmetricKeyType ?? ''];
  if (!algorithm) throw new ObjectError(`keys of type ${signer.key.asymmetricKeyType} sign no programs`, Errno.EIO);
  const signature = sign('sha256', Buffer.concat([instructions, data]), signer.key);
  const signerInfo = encode(
    Tag.SEQUENCE,
    version3,
    encode(Tag.CONTEXT, signer.keyId),
    sha256,
    algorithm,
    encode(Tag.OCTET_STRING, signature),
  );
  const contents = encode(
    Tag.SEQUENCE,
    version3,
    encode(Tag.SET, sha256),
    encode(Tag.SEQUENCE, anyData),
    encode(Tag.SET, signerInfo),
  );
  const bytes = encode(Tag.SEQUENCE, signedData, encode(Tag.CONTEXT | Tag.CONSTRUCTED, contents));
  if (bytes.length > longestSignature) throw new ObjectError('the signature is too long', Errno.ENOSPC);
  return { bytes, programHash: createHash('sha256').update(instructions).digest() };
}
