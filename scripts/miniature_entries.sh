#!/usr/bin/env bash
# Make the miniature's entries of the leaderboard from its two studies (docs/reproduction.md), in place of those there.
#
#   scripts/miniature_entries.sh out/mini out/mini-seeds leaderboard/entries
set -euo pipefail
grid=$1 seeds=$2 entries=$3
for made in "$grid"/runs/encoder/*/ "$grid"/runs/base/*/ "$seeds"/runs/*-seed2/epoch-3.0/*/; do
    [ -d "$made" ] || { echo "there is no $made: give the folders of both studies" >&2; exit 1; }
done
source="emt study --preset mini; docs/reproduction.md"

add() {  # RUN NAME OPTIONS...
    emt board add "$1" --run "$2" --entries "$entries" --org emt-bench --submitted-by emt-bench \
        --licence "not distributed" --source "$source" --yes "${@:3}"
}

mini() {
    add "$@" --model mini-llava --encoder mini-encoder --llm "Llama, 2 layers, from scratch" --params 2550528
}

rm -rf "$entries/emt-bench__mini-llava" "$entries/emt-bench__mini-encoder"
add "$grid"/runs/encoder/*/ encoder --model mini-encoder
mini "$grid"/runs/base/*/ base
for set in mnist cifar10 cifar100 miniimagenet; do
    for method in linear lora prompt; do
        tuned=(--tuning "$method" --dataset "$set" --epoch 3 --base emt-bench/mini-llava)
        mini "$grid/runs/toy-$method-$set"/epoch-3.0/*/ "$method-$set-epoch-3" "${tuned[@]}"
        for seed in 1 2; do
            if [ "$method" != prompt ]; then
                mini "$seeds/runs/toy-$method-$set-seed$seed"/epoch-3.0/*/ "$method-$set-epoch-3-seed$seed" "${tuned[@]}"
            fi
        done
    done
done
