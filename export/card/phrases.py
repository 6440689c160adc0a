"""The card's sentences in English and Brazilian Portuguese."""

from __future__ import annotations

from typing import Any

from export.card.wording import Language

PHRASES: dict[str, dict[Language, str]] = {
    "in_english": {"en": "{text}", "pt-BR": "(Em inglês, do projeto dbt:) {text}"},
    "no_purpose": {
        "en": "The dbt project does not say what it is for.",
        "pt-BR": "O projeto dbt não diz para que serve.",
    },
    "regression": {"en": "a number", "pt-BR": "um número"},
    "classification": {"en": "a class", "pt-BR": "uma classe"},
    "clustering": {"en": "the nearest cluster", "pt-BR": "o grupo mais próximo"},
    "decomposition": {
        "en": "coordinates along the principal components",
        "pt-BR": "coordenadas nos componentes principais",
    },
    "gain_no_label": {
        "en": "It predicts no label: no test row can show it right or wrong.",
        "pt-BR": "Não prevê rótulo: nenhuma linha de teste pode mostrar se está certo.",
    },
    "limit_no_label": {
        "en": "It is a way to look at the rows, not a prediction: other options give other "
        "groups or axes of the same rows.",
        "pt-BR": "É um modo de olhar as linhas, não uma previsão: outras opções dão outros grupos "
        "ou eixos das mesmas linhas.",
    },
    "constant_clustering": {
        "en": "Distances are in units of the columns' deviations, unless the model does not "
        "standardise.",
        "pt-BR": "As distâncias estão em desvios-padrão das colunas, a menos que o modelo não "
        "padronize.",
    },
    "constant_decomposition": {
        "en": "The ratio is the share of all variance that the components keep.",
        "pt-BR": "A razão é a parte de toda a variância que os componentes guardam.",
    },
    "explained": {
        "en": "What it says moved each answer agrees with ML.EXPLAIN_PREDICT on all {rows} rows: "
        "the largest difference is {worst} of the greatest part of its answer.",
        "pt-BR": "O que ele diz ter movido cada resposta concorda com ML.EXPLAIN_PREDICT em todas "
        "as {rows} linhas: a maior diferença é {worst} da maior parte de sua resposta.",
    },
    "explained_some": {
        "en": "What it says moved each answer agrees with ML.EXPLAIN_PREDICT on {rows} of the {of} "
        "rows, chosen by their keys: the largest difference is {worst} of the greatest part of "
        "its answer.",
        "pt-BR": "O que ele diz ter movido cada resposta concorda com ML.EXPLAIN_PREDICT em {rows} "
        "das {of} linhas, escolhidas por suas chaves: a maior diferença é {worst} da maior parte "
        "de sua resposta.",
    },
    "audit_rule": {
        "en": "Before training, each column alone is checked for giving {label} away: by a "
        "correlation or an AUC of 0.999 and more, or by leaving 0 bits of doubt.",
        "pt-BR": "Antes do treino, verifica-se se alguma coluna sozinha entrega {label}: por "
        "correlação ou AUC de 0,999 ou mais, ou por deixar 0 bits de dúvida.",
    },
    "audit_no_label": {
        "en": "It predicts no label, so no column can give one away.",
        "pt-BR": "Não prevê rótulo; nenhuma coluna pode entregá-lo.",
    },
    "learned_custom": {
        "en": "It learned from `train` alone; every figure on this page is from `test`, rows it "
        "never saw.",
        "pt-BR": "Aprendeu apenas com `train`; todos os números desta página são de `test`, linhas "
        "que nunca viu.",
    },
    "learned_no_split": {
        "en": "It learned from all rows but `test`; every figure on this page is from `test`, rows "
        "it never saw.",
        "pt-BR": "Aprendeu com todas as linhas menos `test`; todos os números desta página são de "
        "`test`, linhas que nunca viu.",
    },
    "split_rule": {"en": "Who goes where: {rule}", "pt-BR": "Quem vai para onde: {rule}"},
    "no_reports": {
        "en": "The dbt project keeps no list of reports.",
        "pt-BR": "O projeto dbt não guarda uma lista de relatórios.",
    },
    "one_report": {"en": "one report", "pt-BR": "um único relatório"},
    "reports": {"en": "{count} reports", "pt-BR": "{count} relatórios"},
    "gain": {
        "en": "Verdict `{status}`: the constant guess's {loss} less the model's is {gain} a row, "
        "95% interval {low} to {high}, over the same {rows} test rows. It is `signal` only where "
        "the whole interval is above 0.",
        "pt-BR": "Veredito `{status}`: a perda ({loss}) do palpite constante menos a do modelo é "
        "{gain} por linha, intervalo de 95%: {low} a {high}, nas mesmas {rows} linhas de teste. "
        "Só é `signal` quando o intervalo inteiro está acima de 0.",
    },
    "no_gain": {
        "en": "Verdict `no_signal`: no interval could be computed.",
        "pt-BR": "Veredito `no_signal`: não se pôde calcular um intervalo.",
    },
    "limit_signal": {
        "en": "Better than a constant guess on average does not mean right for one row: see the "
        "spread of its errors above.",
        "pt-BR": "Melhor que um palpite constante em média não quer dizer certo em cada linha: "
        "veja acima como os erros se espalham.",
    },
    "limit_no_signal": {
        "en": "It is published so that everybody sees that these columns do not predict this "
        "label. It is no basis for a decision.",
        "pt-BR": "Está publicado para que todos vejam que estas colunas não preveem este rótulo. "
        "Não serve de base para decisão.",
    },
    "constant_mean": {
        "en": "always the mean {label} of the training rows, {value}",
        "pt-BR": "sempre a média de {label} das linhas de treino, {value}",
    },
    "constant_shares": {
        "en": "always the shares of the training rows ({shares})",
        "pt-BR": "sempre as proporções das linhas de treino ({shares})",
    },
    "constant_regression": {
        "en": "A model that knows nothing has an R² of 0; one that does harm is below.",
        "pt-BR": "Um modelo que nada sabe tem R² de 0; um que atrapalha fica abaixo.",
    },
    "constant_classification": {
        "en": "A model that knows nothing has an AUC of 0.5. Precision, recall and F1 are of the "
        "last class where there are two, else means over the classes.",
        "pt-BR": "Um modelo que nada sabe tem AUC de 0,5. Precisão, revocação e F1 são da última "
        "classe quando há duas; senão, médias das classes.",
    },
    "no_pictures": {
        "en": "No test row says what was true: there is nothing to draw.",
        "pt-BR": "Nenhuma linha de teste diz o que era verdade: não há o que desenhar.",
    },
    "sampled": {
        "en": "The pictures on this page show {rows} of the {of} test rows, chosen evenly by their "
        "keys; the figures in the tables are of all.",
        "pt-BR": "As figuras desta página mostram {rows} das {of} linhas de teste, escolhidas "
        "uniformemente por suas chaves; os números das tabelas são de todas.",
    },
    "first_classes": {
        "en": "ROC and calibration are drawn for the first {count} classes.",
        "pt-BR": "ROC e calibração estão desenhadas para as primeiras {count} classes.",
    },
    "alt_predicted": {
        "en": "Predicted against actual values of the test rows",
        "pt-BR": "Valores previstos e reais das linhas de teste",
    },
    "read_predicted": {
        "en": "The nearer to the dashed line, the better the answer. A model that knows nothing "
        "lies along the dotted one.",
        "pt-BR": "Quanto mais perto da linha tracejada, melhor a resposta. Um modelo que nada sabe "
        "fica ao longo da pontilhada.",
    },
    "alt_residuals": {"en": "Errors by group", "pt-BR": "Erros por grupo"},
    "read_residuals": {
        "en": "Left of the dashed line it said too little, right of it too much. A box off the "
        "line is a group that it misjudges.",
        "pt-BR": "À esquerda da linha tracejada disse de menos; à direita, de mais. Uma caixa fora "
        "da linha é um grupo que ele avalia mal.",
    },
    "alt_roc": {"en": "ROC curve", "pt-BR": "Curva ROC"},
    "read_roc": {
        "en": "The further above the dotted diagonal, the better it tells the classes apart.",
        "pt-BR": "Quanto mais acima da diagonal pontilhada, melhor distingue as classes.",
    },
    "alt_calibration": {"en": "Calibration curve", "pt-BR": "Curva de calibração"},
    "read_calibration": {
        "en": "Ten parts of the test rows by predicted probability, with 95% intervals: on the "
        "dotted line what it calls 30% happens in 30 of 100 rows. Below: how often it says what.",
        "pt-BR": "Dez partes das linhas de teste pela probabilidade prevista, com intervalos de "
        "95%: sobre a linha pontilhada, o que ele chama de 30% acontece em 30 de 100 linhas. "
        "Embaixo: quantas vezes diz cada valor.",
    },
    "alt_errors": {"en": "Wrong answers by group", "pt-BR": "Respostas erradas por grupo"},
    "read_errors": {
        "en": "Further left is better. The dotted line is who always says the commonest class.",
        "pt-BR": "Mais à esquerda é melhor. A linha pontilhada é de quem sempre diz a classe mais "
        "comum.",
    },
    "alt_importance": {
        "en": "How much each column moves the answers",
        "pt-BR": "Quanto cada coluna move as respostas",
    },
    "importance_regression": {
        "en": "How far, on average over the test rows, a column's value moves the answer from the "
        "mean answer. It tells what the model uses, not what causes what.",
        "pt-BR": "Quanto, em média nas linhas de teste, o valor da coluna afasta a resposta da "
        "resposta média. Diz o que o modelo usa, não o que causa o quê.",
    },
    "importance_classification": {
        "en": "How far, on average over the test rows, a column's value moves the log-odds from "
        "their mean (0.7 turns even odds into two to one). It tells what the model uses, not what "
        "causes what.",
        "pt-BR": "Quanto, em média nas linhas de teste, o valor da coluna afasta o log-odds da "
        "média (0,7 leva de um contra um a dois contra um). Diz o que o modelo usa, não o que "
        "causa o quê.",
    },
    "no_importance": {
        "en": "Models of this family do not say how much each column counts.",
        "pt-BR": "Modelos desta família não dizem quanto cada coluna pesa.",
    },
    "parity": {
        "en": "Yes: it gave BigQuery ML's own answers on all {rows} rows compared. The largest "
        "difference is {worst}{labels}.",
        "pt-BR": "Sim: deu as mesmas respostas do BigQuery ML em todas as {rows} linhas "
        "comparadas. A maior diferença é {worst}{labels}.",
    },
    "labels": {"en": "; {count} labels differ", "pt-BR": "; {count} rótulos diferem"},
    "method_asked": {
        "en": "Published is `{method}`, as the dbt project asks.",
        "pt-BR": "Publicado está `{method}`, como pede o projeto dbt.",
    },
    "method_retrained": {
        "en": "Published is `retrained`: scikit-learn, trained on the same rows, answers alike, "
        "which is the stronger proof.",
        "pt-BR": "Publicado está `retrained`: o scikit-learn, treinado com as mesmas linhas, "
        "responde igual, que é a prova mais forte.",
    },
    "method_only": {
        "en": "Published is `transplanted`, made of what BigQuery ML holds: scikit-learn did not "
        "train one.",
        "pt-BR": "Publicado está `transplanted`, feito do que o BigQuery ML guarda: o scikit-learn "
        "não treinou um.",
    },
    "method_transplanted": {
        "en": "Published is `transplanted`, made of BigQuery ML's own weights: what scikit-learn "
        "trained on the same rows answers otherwise on {apart} of {rows}.",
        "pt-BR": "Publicado está `transplanted`, feito dos pesos do próprio BigQuery ML: o que o "
        "scikit-learn treinou com as mesmas linhas responde diferente em {apart} de {rows}.",
    },
    "certifier": {
        "en": "In the certifier's words: {reason}",
        "pt-BR": "Nas palavras do certificador (em inglês): {reason}",
    },
    "no_audit": {
        "en": "**No audit is recorded for this label.**",
        "pt-BR": "**Não há auditoria registrada para este rótulo.**",
    },
    "audit_clean": {
        "en": "None of the {count} columns does.",
        "pt-BR": "Nenhuma das {count} colunas entrega.",
    },
    "audit_kept_out": {
        "en": "It leaks through {names}, which the model therefore does not use.",
        "pt-BR": "Há vazamento por {names}, que por isso o modelo não usa.",
    },
    "audit_used": {
        "en": "**It leaks through {names}, which is among the inputs: do not trust the metrics.**",
        "pt-BR": "**Há vazamento por {names}, que está entre as entradas: não confie nas "
        "métricas.**",
    },
}


def say(key: str, language: Language, **values: Any) -> str:
    """Return a sentence with its values."""
    return PHRASES[key][language].format(**values)
