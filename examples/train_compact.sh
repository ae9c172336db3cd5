#!/bin/sh
# From a bank of objects and sounds to the compact checkpoint that ships, judged on the bank's
# held-out sources:
#
#   examples/train_compact.sh BANK VERSION [OPTION ...]
#
# OPTIONs go to 'avsseg train', for example
#     --time 6h                                     the budget
#     --set init.backbone=FILE --set init.audio_encoder=FILE    encoders to start from
#     --init-from avsseg-compact                    the shipped network, trained further
#     --resume runs/train/compact                   a training that was stopped
# The layout of a bank is described by 'avsseg data synth --help'.

set -eu

bank=${1:?usage: train_compact.sh BANK VERSION [train options]}
version=${2:?usage: train_compact.sh BANK VERSION [train options]}
shift 2
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}

$python -m avsseg train "$here/train_compact.toml" --set data.replay.bank="$bank" "$@"
run=$(ls -td runs/train/compact* | head -n 1)
$python "$here/ship_weights.py" "$run/best.safetensors" --version "$version"
$python -m avsseg eval --bank "$bank" --weights avsseg-compact --seeds 0,1,2 --output "$run/eval"
