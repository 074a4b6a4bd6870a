# Scores captions with the reference toolkit. Usage: python reference.py CAPTIONS.json MODULES|none
# CAPTIONS.json: {"hypotheses": {id: caption}, "references": {id: [captions]}}. Prints the corpus scores as JSON.
import json
import os
import subprocess
import sys
import threading

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor import meteor as meteor_module
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

path, modules = sys.argv[1:3]
with open(path, encoding="utf-8") as file:
    data = json.load(file)
tokenizer = PTBTokenizer()
truth = tokenizer.tokenize({i: [{"caption": c} for c in cs] for i, cs in data["references"].items()})
guess = tokenizer.tokenize({i: [{"caption": c}] for i, c in data["hypotheses"].items()})


def meteor_score():
    scorer = meteor_module.Meteor.__new__(meteor_module.Meteor)
    folder = os.path.dirname(os.path.abspath(meteor_module.__file__))
    command = ["java", "-jar", "-Xmx2G", meteor_module.METEOR_JAR, "-", "-", "-stdio", "-l", "en", "-norm"]
    if modules != "all":
        command += ["-m", modules]
    pipe = subprocess.PIPE
    scorer.meteor_p = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    scorer.lock = threading.Lock()
    return scorer.compute_score(truth, guess)[0]


if modules == "none":
    bleu = Bleu(4).compute_score(truth, guess, verbose=0)[0]
    scores = {f"BLEU-{n + 1}": bleu[n] for n in range(4)}
    scores["ROUGE-L"] = Rouge().compute_score(truth, guess)[0]
    scores["CIDEr"] = Cider().compute_score(truth, guess)[0]
else:
    scores = {"METEOR": meteor_score()}
print(json.dumps({name: float(score) for name, score in scores.items()}))
